/**
 * Where the time of a training step goes on a GPU, kernel by kernel, by timestamps: GFLOP/s, GB/s, and their share of
 * what the card can do where the peaks are given. Two steps, in float32 and, where the device has it, in float16:
 *   1. fine-tuning the geometry of the peer benchmark: L4 d128 h4 V1024, batch 4 x 128
 *   2. distilling GPT-2 small to 6 layers: d768 h12 V50257, batch 8 x 512, CE + KL
 *
 *   npm run bench -- gpu --peak-tflops 29.1 --peak-gbs 504 --save bench/results/gpu.json
 *
 * `--quick` takes tiny shapes, on which a software adapter proves that the bench runs; `--untuned` keeps the usual
 * variants. A dispatch is a pass of its own here, so that the sum is more than the step takes. GB counts every bound
 * buffer once, which is more than a kernel reads of a buffer that it looks things up in.
 */
import * as tf from '@tensorflow/tfjs-core';
import { flopsNoted } from '../src/engine/cost';
import { openDevice } from '../src/engine/device';
import { webgpuBackend } from '../src/engine/dispatch';
import { adapterKey, createTuner, hotProducts } from '../src/engine/tuner';
import { canComputeHalf, setComputePrecision, type Precision } from '../src/engine/variants';
import { installWebGPU } from '../src/engine/webgpu.node';
import { drain, report, time } from './harness';
import { geometry, prepare, type Step, type Workload } from './workload';

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const quick = process.argv.includes('--quick');
const peaks = { tflops: Number(option('peak-tflops') ?? NaN), gbs: Number(option('peak-gbs') ?? NaN) };

const WORKLOADS: Workload[] = quick
  ? [
      { name: 'fine-tune L1 d32 h2 V64, 2 x 16', student: geometry(1, 32, 2, 64), batch: 2, length: 16 },
      {
        name: 'distil 2 -> 1 layers, d32 h2 V64, 2 x 16',
        student: geometry(1, 32, 2, 64),
        teacher: geometry(2, 32, 2, 64),
        batch: 2,
        length: 16,
      },
    ]
  : [
      {
        name: 'fine-tune L4 d128 h4 V1024, 4 x 128',
        student: geometry(4, 128, 4, 1024),
        batch: 4,
        length: 128,
      },
      {
        name: 'distil GPT-2 small 12 -> 6 layers, 8 x 512',
        student: geometry(6, 768, 12, 50257, 512),
        teacher: geometry(12, 768, 12, 50257, 512),
        batch: 8,
        length: 512,
      },
    ];

interface Dispatch {
  kernel: string;
  flop: number;
  bytes: number;
}

const BATCH_FLAG = 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE';
const MOST_DISPATCHES = 2048;

/** `MatmulShared nt`, from a kernel's name, whose parameters follow as JSON; tfjs's own have no label. */
function shortName(label: string): string {
  const at = label.indexOf('{');
  if (at < 0) return label || 'tfjs';
  const { layout, causal } = JSON.parse(label.slice(at)) as { layout?: string; causal?: boolean };
  return [label.slice(0, at), layout, causal === undefined ? undefined : causal ? 'causal' : 'full']
    .filter(Boolean)
    .join(' ');
}

/** Wraps method `name` of a WebGPU object's prototype; the result undoes it. */
function intercept<T extends object, K extends keyof T & string>(
  prototype: T,
  name: K,
  wrapped: (original: T[K]) => T[K],
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  Object.defineProperty(prototype, name, { ...descriptor, value: wrapped(descriptor.value as T[K]) });
  return () => Object.defineProperty(prototype, name, descriptor);
}

/** Runs a step with a timestamp before and after every dispatch. Milliseconds go with the dispatches. */
async function dissect(step: Step): Promise<(Dispatch & { ms: number })[]> {
  await drain();
  const { device } = webgpuBackend();
  const querySet = device.createQuerySet({ type: 'timestamp', count: 2 * MOST_DISPATCHES });
  const found: Dispatch[] = [];
  const bytesOf = new WeakMap<GPUBindGroup, number>();
  let [kernel, bytes, passes, noted, carried] = ['', 0, 0, flopsNoted(), 0];
  const undo = [
    intercept(
      GPUCommandEncoder.prototype,
      'beginComputePass',
      (original) =>
        function (this: GPUCommandEncoder, descriptor = {}) {
          if (passes >= MOST_DISPATCHES)
            throw new Error(`a step has more than ${MOST_DISPATCHES} dispatches`);
          const at = 2 * passes++;
          const timestampWrites = { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
          return original.call(this, { ...descriptor, timestampWrites });
        },
    ),
    intercept(
      GPUDevice.prototype,
      'createBindGroup',
      (original) =>
        function (this: GPUDevice, descriptor) {
          const group = original.call(this, descriptor);
          const sizes = [...descriptor.entries].map(({ resource }) => {
            const { buffer, size } = resource as GPUBufferBinding;
            return size ?? buffer.size;
          });
          bytesOf.set(
            group,
            sizes.reduce((sum, size) => sum + size, 0),
          );
          return group;
        },
    ),
    intercept(
      GPUComputePassEncoder.prototype,
      'setPipeline',
      (original) =>
        function (this: GPUComputePassEncoder, pipeline) {
          kernel = shortName(pipeline.label);
          return original.call(this, pipeline);
        },
    ),
    intercept(
      GPUComputePassEncoder.prototype,
      'setBindGroup',
      (original) =>
        function (this: GPUComputePassEncoder, ...args: unknown[]) {
          bytes = bytesOf.get(args[1] as GPUBindGroup) ?? 0;
          return (original as (...rest: unknown[]) => undefined).apply(this, args);
        } as typeof original,
    ),
    intercept(
      GPUComputePassEncoder.prototype,
      'dispatchWorkgroups',
      (original) =>
        function (this: GPUComputePassEncoder, ...grid) {
          // Of attention's backward products 3 of the 7 that are computed are done by the first of its two kernels.
          const flop = flopsNoted() - noted + carried;
          const here = kernel.startsWith('AttentionBackwardQueries') ? (flop * 3) / 7 : flop;
          carried = flop - here;
          found.push({ kernel: `${kernel} [${grid.join(', ')}]`, flop: here, bytes });
          noted = flopsNoted();
          return original.apply(this, grid);
        },
    ),
  ];
  const batch = tf.env().getNumber(BATCH_FLAG);
  try {
    // Every dispatch ends its pass.
    tf.env().set(BATCH_FLAG, 1);
    step.run().dispose();
    await drain();
  } finally {
    tf.env().set(BATCH_FLAG, batch);
    for (const each of undo) each();
  }
  const times = await readTimes(querySet, 2 * passes);
  querySet.destroy();
  return found.map((dispatch, i) => ({ ...dispatch, ms: Number(times[2 * i + 1]! - times[2 * i]!) / 1e6 }));
}

async function readTimes(querySet: GPUQuerySet, count: number): Promise<BigUint64Array> {
  const { device } = webgpuBackend();
  const size = 8 * count;
  const resolved = device.createBuffer({
    size,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const times = new BigUint64Array(staging.getMappedRange().slice(0));
  resolved.destroy();
  staging.destroy();
  return times;
}

type Row = Record<string, string | number>;

/** One row a kernel and grid, the longest first: sums over the step, each the median over the runs. */
function kernelRows(name: string, runs: (Dispatch & { ms: number })[][]): Row[] {
  const rows = new Map<string, { ms: number; flop: number; bytes: number; count: number }>();
  runs[0]!.forEach(({ kernel, flop, bytes }, i) => {
    const ms = runs.map((run) => run[i]!.ms).sort((a, b) => a - b)[runs.length >> 1]!;
    const row = rows.get(kernel) ?? { ms: 0, flop: 0, bytes: 0, count: 0 };
    rows.set(kernel, {
      ms: row.ms + ms,
      flop: row.flop + flop,
      bytes: row.bytes + bytes,
      count: row.count + 1,
    });
  });
  const total = [...rows.values()].reduce((sum, { ms }) => sum + ms, 0);
  return [...rows]
    .sort(([, a], [, b]) => b.ms - a.ms)
    .map(([kernel, { ms, flop, bytes, count }]) => {
      const [gflops, gbs] = [flop / ms / 1e6, bytes / ms / 1e6];
      return {
        workload: name,
        kernel,
        dispatches: count,
        'GPU ms': +ms.toFixed(3),
        'share %': +((100 * ms) / total).toFixed(1),
        ...(flop > 0 ? { 'GFLOP/s': +gflops.toFixed(1) } : {}),
        'GB/s': +gbs.toFixed(1),
        ...(flop > 0 && peaks.tflops > 0
          ? { '% of f32 peak': +(gflops / peaks.tflops / 10).toFixed(1) }
          : {}),
        ...(peaks.gbs > 0 ? { '% of bandwidth': +((100 * gbs) / peaks.gbs).toFixed(1) } : {}),
      };
    });
}

/** Times the variants of a workload's products first, as a session does; software adapters have none. */
async function tune({ student: { nEmbd, nHead, vocabSize }, batch, length }: Workload): Promise<void> {
  const store = {
    get: () => Promise.resolve(null),
    set: (_: string, text: string) => Promise.resolve(void (chosen = text)),
  };
  let chosen = '{}';
  const tuner = createTuner({ store, key: adapterKey() }, Infinity);
  const sizes = { tokens: batch * length, length, width: nEmbd, heads: nHead, vocabulary: vocabSize };
  const { signal } = new AbortController();
  while (await tuner.next(hotProducts(sizes), signal));
  console.log('variants chosen:', chosen);
}

await installWebGPU({ toggles: ['disable-dawn-features=timestamp_quantization'] });
const device = await openDevice({ prefer: 'webgpu' });
if (!device.info.features.includes('timestamp-query')) throw new Error('this device has no timestamps');
const rows: Row[] = [];
for (const workload of WORKLOADS) {
  const precisions: Precision[] = canComputeHalf() ? ['f32', 'f16'] : ['f32'];
  for (const precision of precisions) {
    const name = `${workload.name}, ${precision}`;
    setComputePrecision(precision);
    if (!process.argv.includes('--untuned')) await tune(workload);
    const step = prepare(workload, 'kernels');
    const repeats = quick ? 1 : 5;
    const timing = await time(() => step.run().dispose(), { warmup: 1, repeats });
    const runs: (Dispatch & { ms: number })[][] = [];
    const before = flopsNoted();
    step.run().dispose();
    const flop = flopsNoted() - before;
    for (let i = 0; i < repeats; i++) runs.push(await dissect(step));
    step.dispose();
    const gflops = flop / timing.wallMs / 1e6;
    rows.push({
      workload: name,
      kernel: 'whole step, wall time',
      dispatches: runs[0]!.length,
      'GPU ms': +timing.wallMs.toFixed(3),
      'share %': 100,
      'GFLOP/s': +gflops.toFixed(1),
      ...(peaks.tflops > 0 ? { '% of f32 peak': +(gflops / peaks.tflops / 10).toFixed(1) } : {}),
    });
    rows.push(...kernelRows(name, runs));
  }
}
setComputePrecision('f32');
report(device.info.description, rows);
device.close();
