import { expect, test } from 'vitest';
import { compiledPipelines, webgpuBackend } from '../engine/dispatch';
import { checkForwardOptions, lossAndGradients } from '../testing/forwardOptionChecks';
import { onEveryVariant, useTestDevice } from '../testing/gpu';

useTestDevice();

onEveryVariant(() => {
  test('no dropout compiles no kernel of dropout', async () => {
    await lossAndGradients();
    const before = compiledPipelines(webgpuBackend().device).size;
    await lossAndGradients({ dropout: { rate: 0, seed: 1 } });
    expect(compiledPipelines(webgpuBackend().device).size).toBe(before);
  });

  checkForwardOptions();
});
