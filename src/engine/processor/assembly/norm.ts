/**
 * Layer normalisation of the rows of x [rows, width], width a multiple of 4; the formulas stand in
 * `ops/layerNorm.ts`. `stats` holds mean and 1 / sqrt(var + epsilon) of every row.
 */
import { madd, shareStart, sum } from './vector';

export function layerNorm(
  y: usize,
  stats: usize,
  x: usize,
  gamma: usize,
  beta: usize,
  rows: i32,
  width: i32,
  epsilon: f32,
  part: i32,
  parts: i32,
): void {
  const line = (<usize>width) << 2;
  const end = shareStart(rows, 1, part + 1, parts);
  for (let row = shareStart(rows, 1, part, parts); row < end; row++) {
    const from = x + <usize>row * line;
    const to = y + <usize>row * line;
    let total = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) total = f32x4.add(total, v128.load(from + at));
    const mean = sum(total) / <f32>width;
    const means = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) {
      const d = f32x4.sub(v128.load(from + at), means);
      squares = madd(d, d, squares);
    }
    const r: f32 = <f32>1.0 / sqrt<f32>(sum(squares) / <f32>width + epsilon);
    const scale = f32x4.splat(r);
    for (let at: usize = 0; at < line; at += 16) {
      const normed = f32x4.mul(f32x4.sub(v128.load(from + at), means), scale);
      v128.store(to + at, madd(normed, v128.load(gamma + at), v128.load(beta + at)));
    }
    store<f32>(stats + ((<usize>row) << 3), mean);
    store<f32>(stats + ((<usize>row) << 3), r, 4);
  }
}

/** dx of every row. */
export function layerNormInputGradient(
  dx: usize,
  dy: usize,
  x: usize,
  stats: usize,
  gamma: usize,
  rows: i32,
  width: i32,
  part: i32,
  parts: i32,
): void {
  const line = (<usize>width) << 2;
  const end = shareStart(rows, 1, part + 1, parts);
  for (let row = shareStart(rows, 1, part, parts); row < end; row++) {
    const offset = <usize>row * line;
    const mean = f32x4.splat(load<f32>(stats + ((<usize>row) << 3)));
    const r = f32x4.splat(load<f32>(stats + ((<usize>row) << 3), 4));
    let sumG = f32x4.splat(0);
    let sumGX = f32x4.splat(0);
    for (let at: usize = 0; at < line; at += 16) {
      const g = f32x4.mul(v128.load(dy + offset + at), v128.load(gamma + at));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + offset + at), mean), r);
      sumG = f32x4.add(sumG, g);
      sumGX = madd(g, normed, sumGX);
    }
    const meanG = f32x4.splat(sum(sumG) / <f32>width);
    const meanGX = f32x4.splat(sum(sumGX) / <f32>width);
    for (let at: usize = 0; at < line; at += 16) {
      const g = f32x4.mul(v128.load(dy + offset + at), v128.load(gamma + at));
      const normed = f32x4.mul(f32x4.sub(v128.load(x + offset + at), mean), r);
      const rest = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(normed, meanGX));
      v128.store(dx + offset + at, f32x4.mul(rest, r));
    }
  }
}

/** dgamma and dbeta, added up in row order; a share is a range of columns. */
export function layerNormParameterGradients(
  dGamma: usize,
  dBeta: usize,
  dy: usize,
  x: usize,
  stats: usize,
  rows: i32,
  width: i32,
  part: i32,
  parts: i32,
): void {
  const first = (<usize>shareStart(width, 4, part, parts)) << 2;
  const end = (<usize>shareStart(width, 4, part + 1, parts)) << 2;
  for (let at = first; at < end; at += 16) {
    v128.store(dGamma + at, f32x4.splat(0));
    v128.store(dBeta + at, f32x4.splat(0));
  }
  for (let row = 0; row < rows; row++) {
    const offset = (<usize>(row * width)) << 2;
    const mean = f32x4.splat(load<f32>(stats + ((<usize>row) << 3)));
    const r = f32x4.splat(load<f32>(stats + ((<usize>row) << 3), 4));
    for (let at = first; at < end; at += 16) {
      const g = v128.load(dy + offset + at);
      const normed = f32x4.mul(f32x4.sub(v128.load(x + offset + at), mean), r);
      v128.store(dGamma + at, madd(g, normed, v128.load(dGamma + at)));
      v128.store(dBeta + at, f32x4.add(v128.load(dBeta + at), g));
    }
  }
}
