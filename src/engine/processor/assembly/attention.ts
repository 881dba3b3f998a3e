/**
 * Attention over packed q, k, v in blocks of 64 queries, so that only [64, T] scores exist at once; the formulas
 * stand in `ops/causalAttention.ts`. A share is a range of (sequence, head) pairs. qkv [B T, 3C], y [B T, C],
 * logSum [B T, H]; where causal, a block's products stop at its last key.
 */
import { NN, NT, product, PRODUCT_SCRATCH, TN } from './product';
import { exp, largest, log, shareStart, sum } from './vector';

const QUERIES = 64;

/** Bytes of scratch: two blocks of scores beside what products need. */
export function attentionScratch(length: i32): usize {
  return PRODUCT_SCRATCH + <usize>(2 * QUERIES) * ((<usize>((length + 3) & ~3)) << 2);
}

/** Scores of keys that a query may not see, and of those that fill up the line, get weight 0. */
function hideFrom(line: usize, keys: i32, width: i32): void {
  for (let key = keys; key < width; key++) store<f32>(line + ((<usize>key) << 2), -1e30);
}

/** Turns a line of scores into weights; returns log sum exp. */
function softmax(line: usize, width: i32, scale: f32): f32 {
  const end = (<usize>width) << 2;
  const factor = f32x4.splat(scale);
  let most = f32x4.splat(-1e30);
  for (let at: usize = 0; at < end; at += 16) most = f32x4.pmax(most, v128.load(line + at));
  const top = largest(most) * scale;
  const tops = f32x4.splat(top);
  let total = f32x4.splat(0);
  for (let at: usize = 0; at < end; at += 16) {
    const e = exp(f32x4.sub(f32x4.mul(v128.load(line + at), factor), tops));
    v128.store(line + at, e);
    total = f32x4.add(total, e);
  }
  const all = sum(total);
  const share = f32x4.splat(<f32>1.0 / all);
  for (let at: usize = 0; at < end; at += 16) {
    v128.store(line + at, f32x4.mul(v128.load(line + at), share));
  }
  return top + log(all);
}

export function attention(
  y: usize,
  logSum: usize,
  qkv: usize,
  batch: i32,
  length: i32,
  heads: i32,
  size: i32,
  scale: f32,
  causal: i32,
  scratch: usize,
  scratchStep: usize,
  part: i32,
  parts: i32,
): void {
  const own = scratch + <usize>part * scratchStep;
  const scores = own + PRODUCT_SCRATCH;
  const width = heads * size;
  const stride = (length + 3) & ~3;
  const end = shareStart(batch * heads, 1, part + 1, parts);
  for (let pair = shareStart(batch * heads, 1, part, parts); pair < end; pair++) {
    const row0 = (pair / heads) * length;
    const head = pair % heads;
    const keysAt = qkv + ((<usize>(row0 * 3 * width + width + head * size)) << 2);
    for (let q0 = 0; q0 < length; q0 += QUERIES) {
      const rows = min(QUERIES, length - q0);
      const keys = causal != 0 ? q0 + rows : length;
      const padded = (keys + 3) & ~3;
      const queries = qkv + ((<usize>((row0 + q0) * 3 * width + head * size)) << 2);
      product(NT, rows, keys, size, queries, 3 * width, keysAt, 3 * width, scores, stride, false, own);
      for (let i = 0; i < rows; i++) {
        const line = scores + ((<usize>(i * stride)) << 2);
        hideFrom(line, causal != 0 ? q0 + i + 1 : length, padded);
        store<f32>(logSum + ((<usize>((row0 + q0 + i) * heads + head)) << 2), softmax(line, padded, scale));
      }
      const values = keysAt + ((<usize>width) << 2);
      const to = y + ((<usize>((row0 + q0) * width + head * size)) << 2);
      product(NN, rows, size, keys, scores, stride, values, 3 * width, to, width, false, own);
    }
  }
}

/** Turns scores into weights P and dP (the gradient of P) into dS, line by line. */
function scoreGradient(p: usize, dP: usize, width: i32, scale: f32, logSum: f32, delta: f32): void {
  const factor = f32x4.splat(scale);
  const logs = f32x4.splat(logSum);
  const deltas = f32x4.splat(delta);
  const end = (<usize>width) << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const weight = exp(f32x4.sub(f32x4.mul(v128.load(p + at), factor), logs));
    v128.store(p + at, weight);
    const slope = f32x4.mul(f32x4.sub(v128.load(dP + at), deltas), factor);
    v128.store(dP + at, f32x4.mul(weight, slope));
  }
}

function dot(a: usize, b: usize, size: i32): f32 {
  let total: f32 = 0;
  for (let i = 0; i < size; i++) {
    total += load<f32>(a + ((<usize>i) << 2)) * load<f32>(b + ((<usize>i) << 2));
  }
  return total;
}

/** dqkv, all of it. */
export function attentionGradient(
  dQkv: usize,
  qkv: usize,
  y: usize,
  dy: usize,
  logSum: usize,
  batch: i32,
  length: i32,
  heads: i32,
  size: i32,
  scale: f32,
  causal: i32,
  scratch: usize,
  scratchStep: usize,
  part: i32,
  parts: i32,
): void {
  const own = scratch + <usize>part * scratchStep;
  const stride = (length + 3) & ~3;
  const scores = own + PRODUCT_SCRATCH;
  const dScores = scores + <usize>QUERIES * ((<usize>stride) << 2);
  const width = heads * size;
  const packed = 3 * width;
  const third = (<usize>width) << 2;
  const end = shareStart(batch * heads, 1, part + 1, parts);
  for (let pair = shareStart(batch * heads, 1, part, parts); pair < end; pair++) {
    const row0 = (pair / heads) * length;
    const head = pair % heads;
    const first = (<usize>(row0 * packed + width + head * size)) << 2;
    const keysAt = qkv + first;
    const dKeys = dQkv + first;
    for (let q0 = 0; q0 < length; q0 += QUERIES) {
      const rows = min(QUERIES, length - q0);
      const keys = causal != 0 ? q0 + rows : length;
      const padded = (keys + 3) & ~3;
      const offset = (<usize>((row0 + q0) * packed + head * size)) << 2;
      const queries = qkv + offset;
      const upstream = (<usize>((row0 + q0) * width + head * size)) << 2;
      product(NT, rows, keys, size, queries, packed, keysAt, packed, scores, stride, false, own);
      product(
        NT,
        rows,
        keys,
        size,
        dy + upstream,
        width,
        keysAt + third,
        packed,
        dScores,
        stride,
        false,
        own,
      );
      for (let i = 0; i < rows; i++) {
        const line = (<usize>(i * stride)) << 2;
        const visible = causal != 0 ? q0 + i + 1 : length;
        hideFrom(scores + line, visible, padded);
        // What lies there may be anything; times a weight of 0 it must not become NaN.
        memory.fill(dScores + line + ((<usize>visible) << 2), 0, (<usize>(padded - visible)) << 2);
        const at = upstream + ((<usize>(i * width)) << 2);
        const delta = dot(y + at, dy + at, size);
        const log = load<f32>(logSum + ((<usize>((row0 + q0 + i) * heads + head)) << 2));
        scoreGradient(scores + line, dScores + line, padded, scale, log, delta);
      }
      product(NN, rows, size, keys, dScores, stride, keysAt, packed, dQkv + offset, packed, false, own);
      // The first block writes the keys it sees, later ones add to those and write the new ones.
      const seen = causal != 0 ? q0 : q0 > 0 ? length : 0;
      for (let fresh = 0; fresh < 2; fresh++) {
        const from = fresh == 0 ? 0 : seen;
        const count = (fresh == 0 ? seen : keys) - from;
        if (count <= 0) continue;
        const line = (<usize>from) << 2;
        const to = dKeys + ((<usize>(from * packed)) << 2);
        const add = fresh == 0;
        product(TN, count, size, rows, dScores + line, stride, queries, packed, to, packed, add, own);
        product(
          TN,
          count,
          size,
          rows,
          scores + line,
          stride,
          dy + upstream,
          width,
          to + third,
          packed,
          add,
          own,
        );
      }
    }
  }
}
