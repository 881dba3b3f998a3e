/**
 * One training step, fused kernels against plain tfjs ops, in one process on one device:
 *   1. fine-tuning the demo geometry of the peer benchmark: L4 d128 h4 V1024, batch 4 x 128, AdamW
 *   2. distilling 12 -> 6 layers of the bundled demo teacher's geometry: d96 h3 V2048, batch 4 x 128, CE + KL
 * The baseline is the same model code on the same backend through the reference ops, AdamW included. Losses of
 * the first three steps must agree before anything is timed.
 */
import { openDevice } from '../src/engine/device';
import { installWebGPU } from '../src/engine/webgpu.node';
import { countDispatches, report, time, verify } from './harness';
import { geometry, prepare, type Workload } from './workload';

const WORKLOADS: Workload[] = [
  { name: 'fine-tune L4 d128 h4 V1024, 4 x 128', student: geometry(4, 128, 4, 1024), batch: 4, length: 128 },
  {
    name: 'distil 12 -> 6 layers, d96 h3 V2048, 4 x 128',
    student: geometry(6, 96, 3, 2048),
    teacher: geometry(12, 96, 3, 2048),
    batch: 4,
    length: 128,
  },
];

const quick = process.argv.includes('--quick');
await installWebGPU();
const device = await openDevice({ prefer: 'webgpu' });
const rows: Record<string, string | number>[] = [];
for (const workload of WORKLOADS) {
  const losses: number[][] = [];
  const timings = [];
  for (const mode of ['kernels', 'reference'] as const) {
    const step = prepare(workload, mode);
    const first: number[] = [];
    for (let i = 0; i < 3; i++) first.push((await step.run().data())[0]!);
    losses.push(first);
    const dispatches = await countDispatches(() => step.run().dispose());
    const repeats = mode === 'kernels' ? 5 : quick ? 1 : 3;
    timings.push({ mode, dispatches, ...(await time(() => step.run().dispose(), { warmup: 0, repeats })) });
    step.dispose();
  }
  losses[0]!.forEach((loss, i) =>
    verify(`${workload.name}: loss of step ${i + 1}`, loss, losses[1]![i]!, 2e-5),
  );
  const [ours, plain] = timings as [(typeof timings)[0], (typeof timings)[0]];
  rows.push({
    workload: workload.name,
    'Decant CPU ms': Math.round(ours.cpuMs),
    '±': Math.round(ours.spreadMs),
    'plain tfjs CPU ms': Math.round(plain.cpuMs),
    ratio: +(plain.cpuMs / ours.cpuMs).toFixed(1),
    'Decant wall ms': Math.round(ours.wallMs),
    dispatches: ours.dispatches,
    'plain dispatches': plain.dispatches,
    'loss after 3': +losses[0]![2]!.toFixed(5),
  });
}
report(device.info.description, rows);
device.close();
