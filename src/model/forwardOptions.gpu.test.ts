import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { compiledPipelines, webgpuBackend } from '../engine/dispatch';
import { hostTensor } from '../engine/host';
import { hostTokens } from '../engine/ops/embedding';
import { crossEntropy } from '../engine/ops/rowTerms';
import { tokenLoss } from '../engine/ops/tokenLoss';
import { clearGradients, tapeAnchor, valueAndGradients } from '../engine/parameter';
import { dryRun } from '../engine/plan/trace';
import { checkForwardOptions, expectClosely, lossAndGradients } from '../testing/forwardOptionChecks';
import { onEveryVariant, useTestDevice } from '../testing/gpu';
import { forward } from './gpt2';
import { emptyParams } from './params';

useTestDevice();

onEveryVariant(() => {
  test('no dropout compiles no kernel of dropout', async () => {
    await lossAndGradients();
    const before = compiledPipelines(webgpuBackend().device).size;
    await lossAndGradients({ dropout: { rate: 0, seed: 1 } });
    expect(compiledPipelines(webgpuBackend().device).size).toBe(before);
  });

  checkForwardOptions();

  test('dropout drops what the reference path drops, forward and backward', async () => {
    const dropout = { rate: 0.3, seed: 5 };
    const actual = await lossAndGradients({ dropout });
    await tf.setBackend('cpu');
    const expected = await lossAndGradients({ dropout });
    await tf.setBackend('webgpu');
    expectClosely(actual, expected);
  });
});

/** Bytes of activations when most memory is needed, and of everything then, for a step of six layers. */
function memoryOf(recompute: boolean, rate: number): { activations: number; peak: number } {
  const config = {
    nLayer: 6,
    nHead: 4,
    nEmbd: 64,
    nPositions: 128,
    vocabSize: 128,
    nInner: 256,
    activation: 'gelu_new',
    layerNormEpsilon: 1e-5,
  } as const;
  const none = () => new Int32Array(0);
  tapeAnchor();
  const { bytesByKind, peakBytes } = dryRun(({ trace }) => {
    const params = emptyParams(config);
    return trace(() => [
      tf.tidy(() => {
        const tokens = hostTokens(none, 4, 128, config.vocabSize);
        const labels = hostTensor<tf.Rank.R1>([4 * 128], 'int32', none);
        const dropout = { rate, seed: hostTensor([1], 'int32', none), stream: 0 };
        const loss = valueAndGradients(() => {
          const { logits } = forward(params, config, tokens, { recompute, dropout });
          return tokenLoss(logits, { labels, scale: 1 }, { hard: crossEntropy({ weight: 1 }) }).total;
        }, Object.values(params));
        clearGradients(Object.values(params));
        return loss;
      }),
    ]);
  });
  return { activations: bytesByKind.activations!, peak: peakBytes };
}

test.each([0, 0.1])('with dropout at %f, recompute needs less than half the activations', (rate) => {
  const [kept, again] = [memoryOf(false, rate), memoryOf(true, rate)];
  expect(again.activations / kept.activations).toBeLessThan(0.5);
  expect(again.peak).toBeLessThan(kept.peak);
});
