/**
 * One training step, fused kernels against plain tfjs ops, in one process on one device:
 *   1. fine-tuning the demo geometry of the peer benchmark: L4 d128 h4 V1024, batch 4 x 128, AdamW
 *   2. distilling 12 -> 6 layers of the bundled demo teacher's geometry: d96 h3 V2048, batch 4 x 128, CE + KL
 * The baseline is the same model code on the same backend through the reference ops, AdamW included. Losses of
 * the first three steps must agree before anything is timed.
 */
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../src/engine/device';
import { setOpsMode, type OpsMode } from '../src/engine/mode';
import { createAdamW } from '../src/engine/ops/adamw';
import { disposeTokens, uploadTokens } from '../src/engine/ops/embedding';
import { crossEntropy, klDivergence } from '../src/engine/ops/rowTerms';
import { tokenLoss, type Logits } from '../src/engine/ops/tokenLoss';
import { valueAndGradients } from '../src/engine/parameter';
import { installWebGPU } from '../src/engine/webgpu.node';
import type { GPT2Config } from '../src/model/config';
import { forward } from '../src/model/gpt2';
import { disposeParams, initialiseParams } from '../src/model/params';
import { randomStream } from '../src/random';
import { countDispatches, report, time, verify } from './harness';

const UPDATE = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradClip: 0,
};

interface Workload {
  name: string;
  student: GPT2Config;
  /** Geometry of the teacher; absent: fine-tuning. */
  teacher?: GPT2Config;
  batch: number;
  length: number;
}

const geometry = (nLayer: number, nEmbd: number, nHead: number, vocabSize: number): GPT2Config => ({
  nLayer,
  nEmbd,
  nHead,
  vocabSize,
  nPositions: 128,
  nInner: 4 * nEmbd,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
});

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

interface Step {
  run(): tf.Scalar;
  dispose(): void;
}

/** The step of a workload as a function that submits all of its work and returns the loss on the device. */
function prepare(workload: Workload, mode: OpsMode): Step {
  setOpsMode(mode);
  const { student: config, batch, length } = workload;
  const rows = batch * length;
  const draw = randomStream(1, 'bench');
  const ids = Int32Array.from({ length: rows }, () => draw.below(config.vocabSize));
  // A rule that can be learnt, so that the loss moves and a wrong gradient would show.
  const tokens = uploadTokens(ids, batch, length, config.vocabSize);
  const labels = tf.tensor1d(
    ids.map((id) => (id * 7 + 3) % config.vocabSize),
    'int32',
  );
  const student = initialiseParams(config, 1);
  const teacher = workload.teacher && initialiseParams(workload.teacher, 2, false);
  const parameters = Object.values(student);
  const optimizer = createAdamW(parameters);
  const targets = { labels, scale: 1 / rows };

  const loss = (known: Logits | undefined) => {
    const { logits } = forward(student, config, tokens);
    if (!known) return tokenLoss(logits, targets, { hard: crossEntropy({ weight: 1 }) }).total;
    return tokenLoss(logits, targets, {
      hard: crossEntropy({ weight: 0.5 }),
      soft: klDivergence({ teacher: known, temperature: 2, weight: 2 }),
    }).total;
  };
  return {
    run: () => {
      const value = tf.tidy(() => {
        const known = teacher && forward(teacher, workload.teacher!, tokens).logits;
        return valueAndGradients(() => loss(known), parameters);
      });
      optimizer.step(UPDATE).dispose();
      return value;
    },
    dispose: () => {
      optimizer.dispose();
      disposeParams(student);
      if (teacher) disposeParams(teacher);
      disposeTokens(tokens);
      labels.dispose();
    },
  };
}

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
