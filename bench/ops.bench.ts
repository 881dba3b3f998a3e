/**
 * Every hot op, forward and backward, fused kernels against plain tfjs ops on the same device. Shapes are those
 * of the demo step (512 tokens, width 128, 4 heads, vocabulary 1,024); `--large` takes GPT-2 small's (512
 * tokens, width 768, 12 heads, vocabulary 50,257), for a real GPU. The sum of the output and of the gradient
 * must agree before an op is timed. GFLOP counts products and sums of the matrix products alone; GB counts each
 * operand once.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { openDevice, readTensor } from '../src/engine/device';
import { setOpsMode, type OpsMode } from '../src/engine/mode';
import { createAdamW } from '../src/engine/ops/adamw';
import { attention } from '../src/engine/ops/causalAttention';
import { embedding, uploadTokens } from '../src/engine/ops/embedding';
import { globalNorm } from '../src/engine/ops/globalNorm';
import { layerNorm } from '../src/engine/ops/layerNorm';
import { linear } from '../src/engine/ops/linear';
import { crossEntropy, klDivergence } from '../src/engine/ops/rowTerms';
import { tokenLoss } from '../src/engine/ops/tokenLoss';
import { clearGradients, createParameter, valueAndGradients, type Parameter } from '../src/engine/parameter';
import { installWebGPU } from '../src/engine/webgpu.node';
import { randomStream } from '../src/random';
import { report, time, verify } from './harness';

const large = process.argv.includes('--large');
const [B, T, C, H, V] = large ? [1, 512, 768, 12, 50257] : [4, 128, 128, 4, 1024];
const N = B * T;

const draw = randomStream(1, 'bench');
const parameter = (name: string, shape: number[], scale = 0.05, onTape = false) =>
  createParameter(
    name,
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw.normal() * scale),
    true,
    onTape,
  );

interface Op {
  name: string;
  shape: string;
  /** Of forward and backward together. */
  work: { gflop: number } | { gb: number };
  parameters: Parameter[];
  /** A scalar on the tape that every output element enters. */
  value(): Scalar;
}

/** sum(y w) with fixed weights, so that every element of the gradient is different. */
const reduce = (y: tf.Tensor, weights: tf.Tensor) => tf.sum<Scalar>(tf.mul(y, weights));

function ops(): Op[] {
  const x = parameter('x', [N, C], 1, true);
  const input = () => x.value as unknown as Tensor2D;
  const weights = (shape: number[]) => tf.keep(tf.randomNormal(shape, 0, 1, 'float32', 7));
  const [wide, narrow, triple] = [weights([N, 4 * C]), weights([N, C]), weights([N, C])];
  const [w, b] = [parameter('w', [C, 4 * C]), parameter('b', [4 * C])];
  const [gamma, beta] = [parameter('gamma', [C], 1), parameter('beta', [C])];
  const qkv = parameter('qkv', [N, 3 * C], 1, true);
  const [wte, wpe] = [parameter('wte', [V, C], 0.3), parameter('wpe', [T, C], 0.3)];
  const teacher = createParameter(
    'teacher',
    [V, C],
    Float32Array.from({ length: V * C }, () => draw.normal() * 0.3),
    false,
  );
  const ids = Int32Array.from({ length: N }, () => draw.below(V));
  const tokens = uploadTokens(ids, B, T, V);
  const labels = tf.keep(tf.tensor1d(ids, 'int32'));
  const targets = { labels, scale: 1 / N };
  const head = (embeddingOf: Parameter) => ({
    kind: 'vocabulary' as const,
    hidden: input(),
    embedding: embeddingOf,
  });
  const bytes = (...sizes: number[]) => (4 * sizes.reduce((a, c) => a + c, 0)) / 1e9;

  return [
    {
      name: 'linear + GELU',
      shape: `[${N}, ${C}] x [${C}, ${4 * C}]`,
      work: { gflop: (3 * 2 * N * C * 4 * C) / 1e9 },
      parameters: [x, w, b],
      value: () => reduce(linear(input(), w, b, { activation: 'gelu_new' }), wide),
    },
    {
      name: 'layer norm',
      shape: `[${N}, ${C}]`,
      work: { gb: bytes(2 * N * C, 3 * N * C) },
      parameters: [x, gamma, beta],
      value: () => reduce(layerNorm(input(), gamma, beta, 1e-5), narrow),
    },
    {
      name: 'causal attention',
      shape: `B ${B} T ${T} heads ${H} x ${C / H}`,
      // Half of the T x T pairs; 2 products forward, 5 backward.
      work: { gflop: (7 * 2 * B * H * ((T * T) / 2) * (C / H)) / 1e9 },
      parameters: [qkv],
      value: () =>
        reduce(
          attention(qkv.value as unknown as Tensor2D, { batch: B, length: T, heads: H, causal: true }),
          triple,
        ),
    },
    {
      name: 'embedding',
      shape: `${N} of ${V} x ${C}`,
      work: { gb: bytes(2 * N * C, V * C + N * C) },
      parameters: [wte, wpe],
      value: () => reduce(embedding(tokens, wte, wpe), narrow),
    },
    {
      name: 'head + cross-entropy',
      shape: `[${N}, ${C}] x [${V}, ${C}]ᵀ`,
      work: { gflop: (3 * 2 * N * C * V) / 1e9 },
      parameters: [x, wte],
      value: () => tokenLoss(head(wte), targets, { hard: crossEntropy({ weight: 1 }) }).total,
    },
    {
      name: 'head + CE + KL',
      shape: `as above, teacher's head too`,
      work: { gflop: (4 * 2 * N * C * V) / 1e9 },
      parameters: [x, wte],
      value: () =>
        tokenLoss(head(wte), targets, {
          hard: crossEntropy({ weight: 0.5 }),
          soft: klDivergence({ teacher: head(teacher), temperature: 2, weight: 2 }),
        }).total,
    },
  ];
}

/** Value and the norm of all gradients, for the comparison. */
async function outcome({ value, parameters }: Op): Promise<[number, number]> {
  const loss = valueAndGradients(value, parameters);
  const norm = globalNorm(parameters.map((p) => p.gradient!));
  const result: [number, number] = [(await readTensor(loss))[0]!, (await readTensor(norm))[0]!];
  tf.dispose([loss, norm]);
  clearGradients(parameters);
  return result;
}

const once = ({ value, parameters }: Op) => {
  valueAndGradients(value, parameters).dispose();
  clearGradients(parameters);
};

await installWebGPU();
const device = await openDevice({ prefer: 'webgpu' });
const software = device.info.software;
const rows: Record<string, string | number>[] = [];

const add = (name: string, shape: string, work: Op['work'], ours: number, plain: number) => {
  const [amount, unit] = 'gflop' in work ? [work.gflop, 'GFLOP'] : [work.gb, 'GB'];
  rows.push({
    op: name,
    shape,
    [software ? 'per CPU second' : 'per second']: `${(amount / (ours / 1000)).toFixed(2)} ${unit}`,
    'Decant ms': +ours.toFixed(1),
    'plain tfjs ms': +plain.toFixed(1),
    ratio: +(plain / ours).toFixed(1),
  });
};

for (const op of ops()) {
  const results: [number, number][] = [];
  const ms: number[] = [];
  for (const mode of ['kernels', 'reference'] as OpsMode[]) {
    setOpsMode(mode);
    results.push(await outcome(op));
    const timing = await time(() => once(op), { warmup: 1, repeats: 5 });
    ms.push(software ? timing.cpuMs : timing.wallMs);
  }
  verify(`${op.name}: value`, results[0]![0], results[1]![0], 1e-3);
  verify(`${op.name}: gradient norm`, results[0]![1], results[1]![1], 1e-4);
  add(op.name, op.shape, op.work, ms[0]!, ms[1]!);
}

// AdamW: an update of one large matrix, gradient norm included.
const size = large ? 768 * 3072 * 8 : 128 * 512 * 8;
const ms: number[] = [];
const updated: number[] = [];
for (const mode of ['kernels', 'reference'] as OpsMode[]) {
  setOpsMode(mode);
  const p = createParameter(`adamw ${mode}`, [size / 128, 128], new Float32Array(size).fill(0.5));
  const optimizer = createAdamW([p]);
  const step = () => {
    p.gradient = tf.keep(tf.fill([size / 128, 128], 0.01));
    optimizer
      .step({ learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, gradClip: 1 })
      .dispose();
  };
  step();
  updated.push((await readTensor(p.value))[0]!);
  const timing = await time(step, { warmup: 1, repeats: 5 });
  ms.push(software ? timing.cpuMs : timing.wallMs);
  optimizer.dispose();
}
verify('AdamW: weight after one step', updated[0]!, updated[1]!, 1e-5);
add('AdamW + norm', `${size} weights`, { gb: (4 * size * 8) / 1e9 }, ms[0]!, ms[1]!);

report(device.info.description, rows);
device.close();
