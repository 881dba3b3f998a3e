/** A training step with random weights and batches, for the benches: fine-tuning, or distilling with CE + KL. */
import * as tf from '@tensorflow/tfjs-core';
import { setOpsMode, type OpsMode } from '../src/engine/mode';
import { createAdamW } from '../src/engine/ops/adamw';
import { disposeTokens, uploadTokens } from '../src/engine/ops/embedding';
import { crossEntropy, klDivergence } from '../src/engine/ops/rowTerms';
import { tokenLoss, type Logits } from '../src/engine/ops/tokenLoss';
import { valueAndGradients } from '../src/engine/parameter';
import type { GPT2Config } from '../src/model/config';
import { forward } from '../src/model/gpt2';
import { disposeParams, initialiseParams } from '../src/model/params';
import { randomStream } from '../src/random';

const UPDATE = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradClip: 0,
};

export interface Workload {
  name: string;
  student: GPT2Config;
  /** Geometry of the teacher; absent: fine-tuning. */
  teacher?: GPT2Config;
  batch: number;
  length: number;
}

export const geometry = (
  nLayer: number,
  nEmbd: number,
  nHead: number,
  vocabSize: number,
  nPositions = 128,
): GPT2Config => ({
  nLayer,
  nEmbd,
  nHead,
  vocabSize,
  nPositions,
  nInner: 4 * nEmbd,
  activation: 'gelu_new',
  layerNormEpsilon: 1e-5,
});

export interface Step {
  run(): tf.Scalar;
  dispose(): void;
}

/** The step of a workload as a function that submits all of its work and returns the loss on the device. */
export function prepare(workload: Workload, mode: OpsMode): Step {
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
