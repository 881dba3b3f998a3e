/**
 * Decant as one of the peers of a side-by-side benchmark of browser training libraries: one training step
 * (forward, backward, AdamW) of a small GPT-2, in a module worker of a fresh Chromium. The harness bundles this
 * file, gives every peer the same weights and tokens, and compares the losses; docs/reproducing.md has the
 * command. The step is traced once and replayed, as in training.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Rank, Scalar, Tensor } from '@tensorflow/tfjs-core';
import { openDevice, readTensor } from '../../src/engine/device';
import { hostTensor } from '../../src/engine/host';
import { createAdamW } from '../../src/engine/ops/adamw';
import { hostTokens } from '../../src/engine/ops/embedding';
import { crossEntropy } from '../../src/engine/ops/rowTerms';
import { tokenLoss } from '../../src/engine/ops/tokenLoss';
import { createParameter, valueAndGradients, type Parameter } from '../../src/engine/parameter';
import { createPlanCache } from '../../src/engine/plan/cache';
import type { GPT2Config } from '../../src/model/config';
import { forward } from '../../src/model/gpt2';
import { expectedTensors } from '../../src/model/params';

/** What the harness passes: the workload, `webgpu` or `wasm`, initial weights in a fixed order, one batch. */
interface Workload {
  cfg: Record<
    | 'nLayer'
    | 'nEmbd'
    | 'nHead'
    | 'vocab'
    | 'batch'
    | 'seq'
    | 'lr'
    | 'beta1'
    | 'beta2'
    | 'eps'
    | 'weightDecay',
    number
  >;
  variant: string;
  params: readonly { name: string; shape: readonly number[]; data: Float32Array }[];
  batch: { x: Int32Array; y: Int32Array };
}

/** The harness's weights under our names; both lists go through the model in the same order. */
function loadParams(config: GPT2Config, weights: Workload['params']): Record<string, Parameter> {
  const expected = [...expectedTensors(config)];
  return Object.fromEntries(
    expected.map(([name, shape], i) => {
      const { name: theirs, shape: found, data } = weights[i]!;
      if (found.join() !== shape.join()) {
        throw new Error(`${theirs} is [${found.join(', ')}], ${name} needs [${shape.join(', ')}]`);
      }
      return [name, createParameter(name, shape, data)];
    }),
  );
}

/** Called once by the harness. `step` submits one step and returns a function that reads its loss. */
export async function setup({ cfg, variant, params: weights, batch: { x, y } }: Workload) {
  const device = await openDevice({
    prefer: variant === 'wasm' ? 'wasm' : 'webgpu',
    wasmPath: new URL('/wasm/', self.location.href).href,
  });
  const config: GPT2Config = {
    nLayer: cfg.nLayer,
    nEmbd: cfg.nEmbd,
    nHead: cfg.nHead,
    vocabSize: cfg.vocab,
    nPositions: cfg.seq,
    nInner: 4 * cfg.nEmbd,
    activation: 'gelu_new',
    layerNormEpsilon: 1e-5,
  };
  const params = loadParams(config, weights);
  const trained = Object.values(params);
  const optimizer = createAdamW(trained);
  const update = {
    learningRate: cfg.lr,
    beta1: cfg.beta1,
    beta2: cfg.beta2,
    epsilon: cfg.eps,
    weightDecay: cfg.weightDecay,
    gradClip: 0,
  };

  const step = (): [Tensor] => {
    const loss = tf.tidy(() => {
      const tokens = hostTokens(() => x, cfg.batch, cfg.seq, cfg.vocab);
      const labels = hostTensor<Rank.R1>([y.length], 'int32', () => y);
      const value = () =>
        tokenLoss(
          forward(params, config, tokens).logits,
          { labels, scale: 1 / y.length },
          { hard: crossEntropy({ weight: 1 }) },
        ).total;
      return valueAndGradients(value, trained);
    });
    optimizer.update().dispose();
    return [loss];
  };

  const plans = createPlanCache({ plan: variant === 'webgpu+eager' ? 'off' : 'on' });
  optimizer.advance(update);
  await plans.prepare('step', step, null);
  optimizer.steps = 0;

  return {
    step() {
      optimizer.advance(update);
      const { tensors, release } = plans.run('step', step, null);
      const read = async () => {
        const loss = (await readTensor(tensors[0] as Scalar))[0]!;
        release();
        return loss;
      };
      return Object.assign(read, { drop: release });
    },
    drop: (result: { drop(): void }) => result.drop(),
    info: () => ({ ...device.info, dispatches: plans.cost('step')?.dispatches ?? null }),
  };
}
