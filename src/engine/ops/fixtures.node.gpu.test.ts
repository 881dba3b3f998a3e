/** The kernels against PyTorch's values, from files on the disk. */
import { test } from 'vitest';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import {
  ACTIVATION_FIXTURES,
  checkActivationFixture,
  checkLayerNormFixture,
  checkLinearFixture,
  LAYER_NORM_FIXTURES,
} from '../../testing/opFixtures';

useTestDevice();

onEveryVariant(() => {
  test('linear matches (padded with zeros to multiples of 4)', () => checkLinearFixture(4));

  test.each(ACTIVATION_FIXTURES)('the activation matches %s', (name, tolerance) =>
    checkActivationFixture(name, tolerance, 4),
  );

  test.each(LAYER_NORM_FIXTURES)('layer norm matches %s', checkLayerNormFixture);
});
