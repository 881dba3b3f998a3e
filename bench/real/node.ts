/**
 * The run in Node, over the session that the command line uses. In a process of its own, so that nothing else is in
 * its memory: `npm run bench -- real --in-node HUB STEPS FILE`.
 */
import { writeFileSync } from 'node:fs';
import { parseArguments } from '../../src/cli/args';
import { HUB_OPTION } from '../../src/cli/hub';
import { createOutput } from '../../src/cli/output';
import { progressNotes } from '../../src/cli/progressNotes';
import { openSession } from '../../src/cli/session';
import { installWebGPU } from '../../src/engine/webgpu.node';
import type { Event } from '../../src/worker/protocol';
import { countDeviceBytes, peaks, watchProcess } from './memory';
import { momentOf, recipe, REPOSITORY, type RealRun } from './run';

const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const seconds = () => performance.now() / 1000;
const host = () => {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return { arrayBuffers, 'JavaScript heap': heapUsed };
};
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Held = Record<string, number>;

const larger = (a: Held, b: Held): Held =>
  Object.fromEntries(Object.entries(b).map(([name, value]) => [name, Math.max(value, a[name] ?? 0)]));
const over = (a: Held, b: Held): Held =>
  Object.fromEntries(Object.entries(a).map(([name, value]) => [name, value - b[name]!]));

export async function runInNode(hub: string, steps: number, file: string): Promise<void> {
  await installWebGPU();
  const watch = watchProcess();
  const device = countDeviceBytes((live, written) => watch.setDeviceBytes(live, written));
  const out = createOutput(false);
  const { client } = await openSession(parseArguments(['--device', 'webgpu', '--hub', hub], HUB_OPTION), out);
  const notes = progressNotes(out);

  const moments = new Map<string, number>();
  let loading: Held = {};
  const onEvent = (event: Event) => {
    notes(event);
    const moment = momentOf(event);
    if (moment) moments.set(moment, seconds());
    // The event of the last piece comes late, when the first pass has begun already.
    if (event.type === 'progress' && event.what === 'reading weights' && !moment)
      loading = larger(loading, held());
  };
  const most = peaks(host, 5);
  const held = (): Held => ({ process: watch.next().besideWritten, ...most.next() });

  await rest(500);
  held();
  await rest(200);
  const idle = held();
  const started = seconds();
  const model = `hf:${REPOSITORY}`;
  await client.request({ type: 'loadModel', model: { kind: 'hub', repo: REPOSITORY } }, { onEvent });
  const opening = held();
  const openSeconds = seconds() - started;
  await rest(1000);
  held();
  await rest(200);
  const atLoading = held();
  const loadStarted = seconds();
  // A few tokens: what needs all of the weights, and little else.
  const ids = Array.from({ length: 8 }, (_, i) => 100 * i);
  await client.request({ type: 'evaluate', model, input: { ids }, window: 8, stride: 8 }, { onEvent });
  const loadSeconds = moments.get('weights')! - loadStarted;
  out.note(
    `loaded in ${loadSeconds.toFixed(1)} s; beside the tensors ${JSON.stringify(over(loading, atLoading))}`,
  );

  const done: RealRun['steps'] = [];
  let [since, used] = [0, 0];
  let peak = 0;
  let beforeTraining = { resident: 0, besideLive: 0, besideWritten: 0 };
  const stop = client.onEvent((event) => {
    if (event.type === 'runState') out.note(`${event.state} at ${seconds().toFixed(1)} s`);
    if (event.type === 'runState' && event.state === 'running') {
      if (done.length === 0) beforeTraining = watch.next();
      [since, used] = [seconds(), processorSeconds()];
    }
    if (event.type === 'eval') out.note(`step ${event.step}: perplexity ${event.perplexity.toFixed(0)}`);
    if (event.type !== 'steps') return;
    const [now, nowUsed] = [seconds(), processorSeconds()];
    for (const { loss, step } of event.steps) {
      done.push({ loss, seconds: now - since, processorSeconds: nowUsed - used });
      out.note(`step ${step}: loss ${loss.toFixed(4)}, ${(nowUsed - used).toFixed(0)} s of processor time`);
    }
    [since, used] = [now, nowUsed];
  });
  const counting = setInterval(() => (peak = Math.max(peak, device.live())), 20);
  const asked = seconds();
  const result = await client.request(
    { type: 'start', runId: 'real', recipe: recipe(steps), reportEvery: 1, measureTeacher: false },
    { onEvent },
  );
  clearInterval(counting);
  const training = watch.next();
  const exporting = seconds();
  held();
  const beforeExport = held();
  const files = await client.request({ type: 'export', runId: 'real', dtype: 'f32' }, { onEvent });
  const exported = over(held(), beforeExport);
  stop();
  most.stop();
  const bytes = files.reduce((sum, { bytes: { length } }) => sum + length, 0);
  const run: RealRun = {
    where: `Node ${process.version}`,
    openSeconds,
    openBesideBytes: over(opening, idle),
    loadSeconds,
    loadedBytes: 0,
    loadBesideBytes: over(loading, atLoading),
    truncateSeconds: moments.get('student')! - asked,
    perplexityBefore: result.perplexityBefore?.perplexity ?? NaN,
    perplexityAfter: result.perplexityAfter?.perplexity ?? NaN,
    steps: done,
    trainBytes: {
      'live buffers': peak,
      resident: training.resident,
      'before training': beforeTraining.resident,
    },
    exportSeconds: seconds() - exporting,
    exportBytes: { files: bytes, ...exported },
  };
  writeFileSync(file, JSON.stringify(run, null, 2));
}
