/** AdamW in place and the sum of squares that clipping needs; the formulas stand in `ops/adamw.ts`. */
import { madd, shareStart } from './vector';

/** p, m, v and the gradient g hold `size` floats; g is multiplied by `scale` first. */
export function adamW(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  size: i32,
  scale: f32,
  rate: f32,
  keep: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  correction2: f32,
  epsilon: f32,
  part: i32,
  parts: i32,
): void {
  const end = shareStart(size, 4, part + 1, parts);
  let i = shareStart(size, 4, part, parts);
  for (; i + 4 <= end; i += 4) {
    const at = (<usize>i) << 2;
    const gradient = f32x4.mul(v128.load(g + at), f32x4.splat(scale));
    const mean = madd(f32x4.splat(beta1), v128.load(m + at), f32x4.mul(f32x4.splat(rest1), gradient));
    const square = madd(
      f32x4.splat(beta2),
      v128.load(v + at),
      f32x4.mul(f32x4.mul(f32x4.splat(rest2), gradient), gradient),
    );
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const root = f32x4.sqrt(f32x4.mul(square, f32x4.splat(correction2)));
    const change = f32x4.div(f32x4.mul(f32x4.splat(rate), mean), f32x4.add(root, f32x4.splat(epsilon)));
    v128.store(p + at, f32x4.sub(f32x4.mul(v128.load(p + at), f32x4.splat(keep)), change));
  }
  for (; i < end; i++) {
    const at = (<usize>i) << 2;
    const gradient = load<f32>(g + at) * scale;
    const mean = beta1 * load<f32>(m + at) + rest1 * gradient;
    const square = beta2 * load<f32>(v + at) + rest2 * gradient * gradient;
    store<f32>(m + at, mean);
    store<f32>(v + at, square);
    const change = (rate * mean) / (sqrt<f32>(square * correction2) + epsilon);
    store<f32>(p + at, load<f32>(p + at) * keep - change);
  }
}

/** sums[part] (float64) = the sum of squares of a share of x. */
export function sumOfSquares(sums: usize, x: usize, size: i32, part: i32, parts: i32): void {
  const end = shareStart(size, 4, part + 1, parts);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let i = shareStart(size, 4, part, parts);
  for (; i + 4 <= end; i += 4) {
    const value = v128.load(x + ((<usize>i) << 2));
    const square = f32x4.mul(value, value);
    low = f64x2.add(low, f64x2.promote_low_f32x4(square));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(square, square, 2, 3, 2, 3)));
  }
  const both = f64x2.add(low, high);
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < end; i++) {
    const value = load<f32>(x + ((<usize>i) << 2));
    total += <f64>(value * value);
  }
  store<f64>(sums + ((<usize>part) << 3), total);
}
