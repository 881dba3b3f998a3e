/**
 * Matrix products C = A B (+ C) in tiles of 4 x 8 sums that stay in registers, over panels of A and B copied
 * into the order in which they are read. After "Anatomy of High-Performance Matrix Multiplication" (Goto and
 * van de Geijn, 2008). Each element is added up in k order, whatever the number of threads.
 */
import { madd } from './vector';

const DEPTH = 256;
const COLUMNS = 512;

/** Bytes of scratch that a product needs: a panel of A, a block of B, a tile of C. */
export const PRODUCT_SCRATCH: usize = (4 * DEPTH + COLUMNS * DEPTH + 32) * 4;

/** How the operands lie: nn A[m,k] B[k,n], nt A[m,k] B[n,k]ᵀ, tn A[k,m]ᵀ B[k,n]. */
export const NN = 0;
export const NT = 1;
export const TN = 2;

/** Copies 4 columns (lines `stride` bytes apart) of a [lines of 4.., depth] matrix: rows become columns. */
function packLines(from: usize, stride: usize, lines: i32, depth: i32, to: usize, step: usize): void {
  const zero = f32x4.splat(0);
  let p = 0;
  if (lines >= 4) {
    for (; p + 4 <= depth; p += 4) {
      const at = from + ((<usize>p) << 2);
      const r0 = v128.load(at);
      const r1 = v128.load(at + stride);
      const r2 = v128.load(at + 2 * stride);
      const r3 = v128.load(at + 3 * stride);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      v128.store(to + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      v128.store(to + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
      to += 4 * step;
    }
  }
  for (; p < depth; p++) {
    v128.store(to, zero);
    for (let line = 0; line < min(lines, 4); line++) {
      store<f32>(to + ((<usize>line) << 2), load<f32>(from + <usize>line * stride + ((<usize>p) << 2)));
    }
    to += step;
  }
  for (; (p & 3) != 0; p++) {
    v128.store(to, zero);
    to += step;
  }
}

/** Copies `count` floats (4 at most, the rest 0) of each of `depth` lines. */
function packColumns(from: usize, stride: usize, count: i32, depth: i32, to: usize, step: usize): void {
  const zero = f32x4.splat(0);
  let p = 0;
  for (; p < depth; p++) {
    if (count >= 4) v128.store(to, v128.load(from));
    else {
      v128.store(to, zero);
      for (let i = 0; i < count; i++) store<f32>(to + ((<usize>i) << 2), load<f32>(from + ((<usize>i) << 2)));
    }
    from += stride;
    to += step;
  }
  for (; (p & 3) != 0; p++) {
    v128.store(to, zero);
    to += step;
  }
}

/** One tile: c[4][8] (lines `stride` bytes apart) = panel of A times panel of B, plus c where `add`. */
function tile(depth: i32, a: usize, b: usize, c: usize, stride: usize, add: bool): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  if (add) {
    c00 = v128.load(c);
    c01 = v128.load(c, 16);
    c10 = v128.load(c + stride);
    c11 = v128.load(c + stride, 16);
    c20 = v128.load(c + 2 * stride);
    c21 = v128.load(c + 2 * stride, 16);
    c30 = v128.load(c + 3 * stride);
    c31 = v128.load(c + 3 * stride, 16);
  }
  for (let p = 0; p < depth; p += 4) {
    const b00 = v128.load(b);
    const b01 = v128.load(b, 16);
    const a00 = v128.load32_splat(a);
    c00 = madd(a00, b00, c00);
    c01 = madd(a00, b01, c01);
    const a01 = v128.load32_splat(a, 4);
    c10 = madd(a01, b00, c10);
    c11 = madd(a01, b01, c11);
    const a02 = v128.load32_splat(a, 8);
    c20 = madd(a02, b00, c20);
    c21 = madd(a02, b01, c21);
    const a03 = v128.load32_splat(a, 12);
    c30 = madd(a03, b00, c30);
    c31 = madd(a03, b01, c31);
    const b10 = v128.load(b, 32);
    const b11 = v128.load(b, 48);
    const a10 = v128.load32_splat(a, 16);
    c00 = madd(a10, b10, c00);
    c01 = madd(a10, b11, c01);
    const a11 = v128.load32_splat(a, 20);
    c10 = madd(a11, b10, c10);
    c11 = madd(a11, b11, c11);
    const a12 = v128.load32_splat(a, 24);
    c20 = madd(a12, b10, c20);
    c21 = madd(a12, b11, c21);
    const a13 = v128.load32_splat(a, 28);
    c30 = madd(a13, b10, c30);
    c31 = madd(a13, b11, c31);
    const b20 = v128.load(b, 64);
    const b21 = v128.load(b, 80);
    const a20 = v128.load32_splat(a, 32);
    c00 = madd(a20, b20, c00);
    c01 = madd(a20, b21, c01);
    const a21 = v128.load32_splat(a, 36);
    c10 = madd(a21, b20, c10);
    c11 = madd(a21, b21, c11);
    const a22 = v128.load32_splat(a, 40);
    c20 = madd(a22, b20, c20);
    c21 = madd(a22, b21, c21);
    const a23 = v128.load32_splat(a, 44);
    c30 = madd(a23, b20, c30);
    c31 = madd(a23, b21, c31);
    const b30 = v128.load(b, 96);
    const b31 = v128.load(b, 112);
    const a30 = v128.load32_splat(a, 48);
    c00 = madd(a30, b30, c00);
    c01 = madd(a30, b31, c01);
    const a31 = v128.load32_splat(a, 52);
    c10 = madd(a31, b30, c10);
    c11 = madd(a31, b31, c11);
    const a32 = v128.load32_splat(a, 56);
    c20 = madd(a32, b30, c20);
    c21 = madd(a32, b31, c21);
    const a33 = v128.load32_splat(a, 60);
    c30 = madd(a33, b30, c30);
    c31 = madd(a33, b31, c31);
    a += 64;
    b += 128;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c + stride, c10);
  v128.store(c + stride, c11, 16);
  v128.store(c + 2 * stride, c20);
  v128.store(c + 2 * stride, c21, 16);
  v128.store(c + 3 * stride, c30);
  v128.store(c + 3 * stride, c31, 16);
}

/** As `tile` at the edges, where only `rows` x `columns` of c exist: through a whole tile in scratch. */
function edgeTile(
  depth: i32,
  a: usize,
  b: usize,
  c: usize,
  stride: usize,
  add: bool,
  rows: i32,
  columns: i32,
  whole: usize,
): void {
  tile(depth, a, b, whole, 32, false);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + <usize>i * stride + ((<usize>j) << 2);
      const value = load<f32>(whole + ((<usize>(i * 8 + j)) << 2));
      store<f32>(at, add ? load<f32>(at) + value : value);
    }
  }
}

/** C[m,n] = A B, plus C where `add`. Strides count floats from one line to the next. */
export function product(
  layout: i32,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  aStride: i32,
  b: usize,
  bStride: i32,
  c: usize,
  cStride: i32,
  add: bool,
  scratch: usize,
): void {
  const aLine = (<usize>aStride) << 2;
  const bLine = (<usize>bStride) << 2;
  const cLine = (<usize>cStride) << 2;
  const panelA = scratch;
  const blockB = scratch + 4 * DEPTH * 4;
  const whole = blockB + COLUMNS * DEPTH * 4;
  for (let j0 = 0; j0 < n; j0 += COLUMNS) {
    const width = min(COLUMNS, n - j0);
    for (let k0 = 0; k0 < k; k0 += DEPTH) {
      const depth = min(DEPTH, k - k0);
      const padded = (depth + 3) & ~3;
      const panel = (<usize>padded) << 5;
      for (let j = 0; j < width; j += 8) {
        const to = blockB + <usize>(j >> 3) * panel;
        for (let half = 0; half < 8; half += 4) {
          const first = j0 + j + half;
          const count = min(4, n - first);
          const target = to + ((<usize>half) << 2);
          if (layout == NT) {
            packLines(b + <usize>first * bLine + ((<usize>k0) << 2), bLine, count, depth, target, 32);
          } else packColumns(b + <usize>k0 * bLine + ((<usize>first) << 2), bLine, count, depth, target, 32);
        }
      }
      for (let i = 0; i < m; i += 4) {
        const rows = min(4, m - i);
        if (layout == TN)
          packColumns(a + <usize>k0 * aLine + ((<usize>i) << 2), aLine, rows, depth, panelA, 16);
        else packLines(a + <usize>i * aLine + ((<usize>k0) << 2), aLine, rows, depth, panelA, 16);
        const line = c + <usize>i * cLine + ((<usize>j0) << 2);
        const onto = add || k0 > 0;
        for (let j = 0; j < width; j += 8) {
          const columns = min(8, width - j);
          const from = blockB + <usize>(j >> 3) * panel;
          const target = line + ((<usize>j) << 2);
          if (rows == 4 && columns == 8) tile(padded, panelA, from, target, cLine, onto);
          else edgeTile(padded, panelA, from, target, cLine, onto, rows, columns, whole);
        }
      }
    }
  }
}
