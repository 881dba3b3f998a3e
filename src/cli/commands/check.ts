import { resolve } from 'node:path';
import type { Command } from '../command';
import { projectFolder } from '../place';
import { deviceOption, machinePlatform, prepareEngine } from '../session';

export const check: Command = {
  name: 'check',
  usage: '[--fixtures DIR]',
  summary: 'numerics of this device against the reference fixtures',
  positionals: 0,
  options: { fixtures: { value: 'DIR', help: "the reference numbers (default: the project's)" } },
  async run({ args, out }) {
    const folder = resolve(args.text('fixtures') ?? `${projectFolder()}/fixtures`);
    await prepareEngine(args);
    const { openFixtures } = await import('../checks/fixtures');
    const fixtures = openFixtures(folder);
    const { openDevice } = await import('../../engine/device');
    const { wasmPath } = await machinePlatform();
    const { info } = await openDevice({ prefer: deviceOption(args), wasmPath });
    out.note(
      `device: ${info.description} (${info.backend})${info.reason === undefined ? '' : `; ${info.reason}`}`,
    );

    const { createReport } = await import('../checks/report');
    const report = createReport(out.note);
    const { modelChecks } = await import('../checks/forward');
    const { lossChecks } = await import('../checks/losses');
    const { trainingChecks } = await import('../checks/training');
    const { classificationChecks } = await import('../checks/classification');
    const all = [
      ...lossChecks(fixtures, report),
      ...modelChecks(fixtures, report),
      ...trainingChecks(fixtures, report),
      ...classificationChecks(fixtures, report),
    ];
    for (const [name, carryOut] of all) {
      out.note(name);
      await carryOut().catch((error: unknown) => report.broken(name, error));
    }
    const { passed, skipped, failures } = report;
    out.always(`${passed} passed, ${failures.length} failed`);
    out.result({ passed, failed: failures.length, skipped, failures, device: info.description }, []);
    return failures.length === 0 ? 0 : 1;
  },
};
