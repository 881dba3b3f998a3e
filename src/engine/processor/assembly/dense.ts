/**
 * What surrounds a product in a dense layer, in one pass over its result:
 *   z = c + bias,  c = act(z) + residual;  back:  dz = dy act'(z),  db = column sums of dz
 * Columns come in fours.
 */
import { product } from './product';
import { activate, activationSlope, shareStart } from './vector';

/**
 * C = act(A B + bias) + residual (+ C), the `part`-th share of C's rows. `bias`, `z` (receives A B + bias) and
 * `residual` are 0 where there is none; z and residual lie as C with `n` floats a line.
 */
export function dense(
  layout: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  add: i32,
  bias: usize,
  activation: i32,
  z: usize,
  residual: usize,
  scratch: usize,
  scratchStep: usize,
  part: i32,
  parts: i32,
): void {
  const own = scratch + <usize>part * scratchStep;
  const first = shareStart(m, 4, part, parts);
  const rows = shareStart(m, 4, part + 1, parts) - first;
  if (rows == 0) return;
  const aStride = layout == 2 ? m : k;
  const bStride = layout == 1 ? k : n;
  const from = a + ((<usize>(layout == 2 ? first : first * k)) << 2);
  const to = (<usize>(first * n)) << 2;
  product(layout, rows, n, k, from, aStride, b, bStride, c + to, n, add != 0, own);
  if (bias == 0 && activation == 0 && residual == 0) return;
  finish(
    c + to,
    rows,
    n,
    bias,
    activation,
    z == 0 ? <usize>0 : z + to,
    residual == 0 ? <usize>0 : residual + to,
  );
}

function finish(c: usize, rows: i32, n: i32, bias: usize, activation: i32, z: usize, residual: usize): void {
  const line = (<usize>n) << 2;
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < line; at += 16) {
      let value = v128.load(c + at);
      if (bias != 0) value = f32x4.add(value, v128.load(bias + at));
      if (z != 0) v128.store(z + at, value);
      if (activation != 0) value = activate(value, activation);
      if (residual != 0) value = f32x4.add(value, v128.load(residual + at));
      v128.store(c + at, value);
    }
    c += line;
    if (z != 0) z += line;
    if (residual != 0) residual += line;
  }
}

/** dz = dy act'(z), `size` floats. */
export function activationGradient(
  dz: usize,
  dy: usize,
  z: usize,
  size: i32,
  activation: i32,
  part: i32,
  parts: i32,
): void {
  const end = (<usize>shareStart(size, 4, part + 1, parts)) << 2;
  for (let at = (<usize>shareStart(size, 4, part, parts)) << 2; at < end; at += 16) {
    const slope = activationSlope(v128.load(z + at), activation);
    v128.store(dz + at, f32x4.mul(v128.load(dy + at), slope));
  }
}

/** sums[j] = sum over rows of x[row][j], in row order. */
export function columnSums(sums: usize, x: usize, rows: i32, columns: i32, part: i32, parts: i32): void {
  const first = (<usize>shareStart(columns, 4, part, parts)) << 2;
  const end = (<usize>shareStart(columns, 4, part + 1, parts)) << 2;
  for (let at = first; at < end; at += 16) v128.store(sums + at, f32x4.splat(0));
  for (let row = 0; row < rows; row++) {
    const line = x + ((<usize>(row * columns)) << 2);
    for (let at = first; at < end; at += 16) {
      v128.store(sums + at, f32x4.add(v128.load(sums + at), v128.load(line + at)));
    }
  }
}
