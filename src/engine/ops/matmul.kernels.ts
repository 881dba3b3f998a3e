/** Launches a matrix product in the form that was chosen for it (`variants.ts`). */
import { allocate, launch, release } from '../dispatch';
import type { Operand } from '../ranges';
import { computePrecision, TILES, type MatmulVariant } from '../variants';
import type { MatmulBuffer, MatmulForm, MatmulParameters, MatmulScalar } from './matmul.interface';
import { registerForm } from './matmul.register';
import { sharedKernel, splitKernel, sumGrid, sumKernel } from './matmul.shared';
import { subgroupForm } from './matmul.subgroup';
import type { Tile } from './matmul.tile';

type Operands = Record<MatmulBuffer, Operand | undefined>;
type Scalars = Record<MatmulScalar, number>;
type Shared = MatmulVariant & { form: 'shared' };

const tileOf = ({ tile, stages }: Shared): Tile => ({
  ...TILES[tile],
  stages,
  half: computePrecision() === 'f16',
});

function formOf(variant: MatmulVariant, p: MatmulParameters, scalars: Scalars): MatmulForm {
  if (variant.form === 'register') return registerForm(p, scalars);
  if (variant.form === 'subgroup') return subgroupForm(p, variant.lanes);
  const tile = tileOf(variant);
  return { kernel: sharedKernel({ ...p, tile }), width: tile.n, height: tile.m };
}

/** k in parts, each with sums of its own, and a pass that adds them. */
function launchSplit(variant: Shared, p: MatmulParameters, operands: Operands, scalars: Scalars): void {
  const tile = tileOf(variant);
  const { m, n, k } = scalars;
  const chunk = Math.ceil(k / variant.splits / tile.k) * tile.k;
  const splits = Math.ceil(k / chunk);
  const width = Math.ceil(n / 4) * 4;
  const partial = allocate([splits, m, width]);
  const partialSums = p.columnSums ? allocate([splits, width]) : undefined;
  const { layout, packed, columnSums } = p;
  const { a, b, ...epilogue } = operands;
  launch(
    splitKernel({ layout, packed, columnSums, tile }),
    { partial, partialSums, a, b },
    { ...scalars, chunk },
    [Math.ceil(n / tile.n), Math.ceil(m / tile.m), splits],
  );
  launch(sumKernel(p), { ...epilogue, partial, partialSums }, { ...scalars, splits }, sumGrid(m, n));
  release(partial);
  if (partialSums) release(partialSums);
}

export function launchProduct(
  variant: MatmulVariant,
  p: MatmulParameters,
  operands: Operands,
  scalars: Scalars,
): void {
  if (variant.form === 'shared' && variant.splits > 1) return launchSplit(variant, p, operands, scalars);
  const { kernel, width, height } = formOf(variant, p, scalars);
  launch(kernel, operands, scalars, [Math.ceil(scalars.n / width), Math.ceil(scalars.m / height)]);
}
