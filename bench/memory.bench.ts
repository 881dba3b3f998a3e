/**
 * What a training step of GPT-2 small needs besides weights and moments, by the dry trace: nothing is loaded,
 * allocated or executed. The baseline is the same step with memory of its own for every tensor, which is what
 * tfjs's tape keeps until the backward pass has ended.
 */
import * as tf from '@tensorflow/tfjs-core';
import { openDevice } from '../src/engine/device';
import { hostTensor } from '../src/engine/host';
import { createAdamW } from '../src/engine/ops/adamw';
import { hostTokens } from '../src/engine/ops/embedding';
import { crossEntropy, klDivergence } from '../src/engine/ops/rowTerms';
import { tokenLoss, type LossTerms } from '../src/engine/ops/tokenLoss';
import { tapeAnchor, valueAndGradients } from '../src/engine/parameter';
import { dryRun, type StepCost } from '../src/engine/plan/trace';
import { installWebGPU } from '../src/engine/webgpu.node';
import type { GPT2Config } from '../src/model/config';
import { forward } from '../src/model/gpt2';
import { emptyParams, type GPT2Params } from '../src/model/params';
import { report } from './harness';

const geometry = (nLayer: number): GPT2Config => ({
  nLayer,
  nHead: 12,
  nEmbd: 768,
  nPositions: 1024,
  vocabSize: 50257,
  nInner: 3072,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
});

interface Workload {
  layers: number;
  /** 0: fine-tuning. */
  teacherLayers: number;
  batch: number;
  length: number;
  gradClip: number;
  recompute: boolean;
}

function lossOf(
  { layers, teacherLayers, batch, length, recompute }: Workload,
  student: GPT2Params,
  teacher: GPT2Params | null,
): LossTerms['total'] {
  const nothing = () => new Int32Array(0);
  const tokens = hostTokens(nothing, batch, length, geometry(layers).vocabSize);
  const labels = hostTensor<tf.Rank.R1>([batch * length], 'int32', nothing);
  const known = teacher && forward(teacher, geometry(teacherLayers), tokens).logits;
  return valueAndGradients(() => {
    const { logits } = forward(student, geometry(layers), tokens, { recompute });
    return tokenLoss(
      logits,
      { labels, scale: 1 },
      {
        hard: crossEntropy({ weight: 1 }),
        ...(known ? { soft: klDivergence({ teacher: known, temperature: 2, weight: 1 }) } : {}),
      },
    ).total;
  }, Object.values(student));
}

function costOf(workload: Workload): StepCost {
  tapeAnchor();
  return dryRun(({ trace }) => {
    const { layers, teacherLayers, gradClip } = workload;
    const student = emptyParams(geometry(layers));
    const teacher = teacherLayers > 0 ? emptyParams(geometry(teacherLayers), false) : null;
    const optimizer = createAdamW(Object.values(student));
    optimizer.advance({
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      gradClip,
    });
    return trace(() => [
      tf.tidy(() => {
        const loss = lossOf(workload, student, teacher);
        return tf.concat1d([tf.reshape(loss, [1]), tf.reshape(optimizer.update(), [1])]);
      }),
    ]);
  });
}

const fineTune = { layers: 12, teacherLayers: 0, batch: 1, length: 512, gradClip: 0, recompute: false };
const distil = { ...fineTune, layers: 6, teacherLayers: 12 };
const WORKLOADS: Record<string, Workload> = {
  'fine-tune 12 layers, 1 x 1024': { ...fineTune, length: 1024 },
  'fine-tune 12 layers, 1 x 512': fineTune,
  'fine-tune 12 layers, 1 x 512, clipped': { ...fineTune, gradClip: 1 },
  'fine-tune 12 layers, 1 x 1024, recompute': { ...fineTune, length: 1024, recompute: true },
  'distil 12 -> 6 layers, 1 x 512': distil,
  'distil 12 -> 6 layers, 1 x 512, clipped': { ...distil, gradClip: 1 },
  'distil 12 -> 6 layers, 8 x 512': { ...distil, batch: 8 },
  'distil 12 -> 6 layers, 8 x 512, recompute': { ...distil, batch: 8, recompute: true },
};

const MB = 1e6;
const megabytes = (bytes: number) => Math.round(bytes / MB);
await installWebGPU();
const device = await openDevice({ prefer: 'webgpu' });
const rows = Object.entries(WORKLOADS).map(([name, workload]) => {
  const { peakBytes, unsharedBytes, bytesByKind, dispatches, flops } = costOf(workload);
  return {
    workload: name,
    MB: megabytes(peakBytes),
    'MB unshared': megabytes(unsharedBytes),
    'times less': Number((unsharedBytes / peakBytes).toFixed(1)),
    activations: megabytes(bytesByKind.activations ?? 0),
    logits: megabytes(bytesByKind.logits ?? 0),
    gradients: megabytes(bytesByKind.gradients ?? 0),
    dispatches,
    GFLOP: Math.round(flops / 1e9),
  };
});
report(device.info.description, rows);
device.close();
process.exit(0);
