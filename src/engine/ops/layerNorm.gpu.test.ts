import { expect, test } from 'vitest';
import { checkOp, evaluateOp, host } from '../../testing/checkOp';
import { onEveryVariant, useTestDevice } from '../../testing/gpu';
import { layerNorm } from './layerNorm';

useTestDevice();

const norm = (rows: number, width: number, frozen: { gamma?: boolean; beta?: boolean } = {}) => ({
  inputs: { x: host([rows, width], 1, -2, 3) },
  parameters: {
    gamma: { ...host([width], 2, 0.5, 1.5), trainable: !frozen.gamma },
    beta: { ...host([width], 3), trainable: !frozen.beta },
  },
  run: (
    i: { x: Parameters<typeof layerNorm>[0] },
    p: Record<'gamma' | 'beta', Parameters<typeof layerNorm>[1]>,
  ) => layerNorm(i.x, p.gamma, p.beta, 1e-5),
});

onEveryVariant(() => {
  // One quad; fewer quads than threads; off the workgroup sizes; more rows than one slab of the gradient.
  test.each([
    [1, 4],
    [5, 20],
    [9, 260],
    [67, 36],
    [1100, 8],
  ])('layer norm of [%i, %i] gives the output and gradients of the reference', async (rows, width) => {
    await checkOp(norm(rows, width), 1e-5);
  });

  test('frozen gamma, beta, or both get no gradient', async () => {
    await checkOp(norm(7, 12, { gamma: true }), 1e-5);
    await checkOp(norm(7, 12, { beta: true }), 1e-5);
    await checkOp(norm(7, 12, { gamma: true, beta: true }), 1e-5);
  });

  test('gamma and beta used twice get the sum of both gradients', async () => {
    const op = norm(7, 12);
    const run: typeof op.run = (i, p) => layerNorm(op.run(i, p), p.beta, p.gamma, 1e-5);
    await checkOp({ ...op, run }, 2e-5);
  });

  test('a width that does not fit is refused by the name of the weight', async () => {
    await expect(evaluateOp({ ...norm(2, 8), inputs: { x: host([2, 12], 1) } })).rejects.toThrow(
      'gamma [8] cannot normalise x [2, 12]',
    );
  });
});
