/**
 * The Euclidean norm of several tensors together, sqrt(sum over tensors and elements of x²), without a read-back.
 *
 * Two stages in a fixed order: blocks are added up, several tensors a dispatch, and one workgroup adds up the
 * blocks. No atomics, so equal gradients give equal norms. A block is a workgroup's, or where barriers are dear
 * (software adapters: nine tenths of the time) a thread's.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { allocate, launch, release, wrap, type Operand } from '../dispatch';
import { kernelFamily } from '../kernel';
import { usesKernels, usesProcessor } from '../mode';
import { globalNormProcessor } from '../processor/adamw';
import { elementParts, elementsOf } from '../ranges';
import { variants } from '../variants';
import { rowGroup, unroll } from '../wgsl';

const THREADS = 64;
// A sum takes 64 squares before the tree takes over, or 128 where a thread has four sums: rounding stays below 1e-6.
const BLOCK = 64 * THREADS;
const THREAD_BLOCK = 128 * 4;
/** Threads in a workgroup that share nothing. */
const LONE_THREADS = 4;
// A shader stage may bind eight storage buffers everywhere; one holds the sums.
const MAX_TENSORS = 7;
const MAX_BLOCKS = 65535;
const LARGE = 2 ** 18;

const TENSORS = ['x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6'] as const;
const SIZES = ['size0', 'size1', 'size2', 'size3', 'size4', 'size5', 'size6'] as const;
const FIRSTS = ['first0', 'first1', 'first2', 'first3', 'first4', 'first5', 'first6'] as const;
type Name = (typeof TENSORS)[number] | 'sums';
type Scalars = (typeof SIZES)[number] | (typeof FIRSTS)[number];

const group = rowGroup(THREADS);

/** Workgroup (block, tensor) stores the sum of squares of that block at sums[first + block]. */
const blockSums = kernelFamily<{ count: number }, Name, Scalars>('GlobalNormBlocks', ({ count }) => ({
  write: { sums: 'f32' },
  read: Object.fromEntries(TENSORS.slice(0, count).map((name) => [name, 'f32'])),
  scalars: Object.fromEntries([...SIZES, ...FIRSTS].map((name) => [name, 'u32'])) as Record<Scalars, 'u32'>,
  workgroupSize: group.workgroupSize,
  helpers: group.scratch,
  main: `
  let lane = li;
  var size = 0u;
  var at = 0u;
  switch (wid.y) {
    ${unroll(count, (i) => `case ${i}u: { size = u.size${i}; at = u.first${i} + wid.x; }`)}
    default: {}
  }
  let first = wid.x * ${BLOCK}u;
  if (first >= size) { return; }
  let end = min(first + ${BLOCK}u, size);
  var total = 0.0;
  switch (wid.y) {
    ${unroll(count, (i) => `case ${i}u: { for (var e = first + lane; e < end; e += ${THREADS}u) { let v = x${i}[e]; total += v * v; } }`)}
    default: {}
  }
  ${group.sum('total')}
  if (lane == 0u) { sums[at] = total; }`,
}));

/** Thread (block, tensor) stores the sum of squares of that block at sums[first + block]; `quads` reads four at once. */
const threadSums = kernelFamily<{ count: number; quads: boolean }, Name, Scalars>(
  'GlobalNormThreads',
  ({ count, quads }) => {
    const four = (x: string) =>
      quads
        ? `${x}[e / 4u]`
        : `select(vec4f(), vec4f(${unroll(4, (i) => `${x}[min(e + ${i}u, end - 1u)]`, ', ')}), vec4u(0u, 1u, 2u, 3u) + e < vec4u(end))`;
    return {
      write: { sums: 'f32' },
      read: Object.fromEntries(TENSORS.slice(0, count).map((name) => [name, quads ? 'vec4f' : 'f32'])),
      scalars: Object.fromEntries([...SIZES, ...FIRSTS].map((name) => [name, 'u32'])) as Record<
        Scalars,
        'u32'
      >,
      workgroupSize: [LONE_THREADS],
      main: `
  let first = gid.x * ${THREAD_BLOCK}u;
  var total = vec4f();
  switch (wid.y) {
    ${unroll(
      count,
      (i) => `case ${i}u: {
      let end = min(first + ${THREAD_BLOCK}u, u.size${i});
      for (var e = first; e < end; e += 4u) { let v = ${four(`x${i}`)}; total += v * v; }
      if (first < end) { sums[u.first${i} + gid.x] = dot(total, vec4f(1.0)); }
    }`,
    )}
    default: {}
  }`,
    };
  },
);

const rootOfSum = kernelFamily('GlobalNormRoot', (_: object) => ({
  write: { norm: 'f32' as const },
  read: { sums: 'f32' as const },
  scalars: { blocks: 'u32' as const },
  workgroupSize: group.workgroupSize,
  helpers: group.scratch,
  main: `
  let lane = li;
  var total = 0.0;
  for (var i = lane; i < u.blocks; i += ${THREADS}u) { total += sums[i]; }
  ${group.sum('total')}
  if (lane == 0u) { norm[0] = sqrt(total); }`,
}));

const sharesBlocks = () => variants().rowThreads > 1;
const blocksOf = (operand: Operand) =>
  Math.ceil(elementsOf(operand) / (sharesBlocks() ? BLOCK : THREAD_BLOCK));

/**
 * What one dispatch sums. A large tensor is summed alone: in a group its memory would wait for those that come
 * later in the backward pass.
 */
function groups(tensors: readonly Operand[]): Operand[][] {
  const result: Operand[][] = [];
  let open: Operand[] | null = null;
  for (const tensor of tensors) {
    if (elementsOf(tensor) >= LARGE) result.push([tensor]);
    else if (open && open.length < MAX_TENSORS) open.push(tensor);
    else result.push((open = [tensor]));
  }
  return result;
}

function normKernels(tensors: readonly Operand[]): Scalar {
  // In the order given: a plan sums each group's squares as soon as its gradients are there.
  const blocks = tensors.reduce((sum, tensor) => sum + blocksOf(tensor), 0);
  const most = sharesBlocks() ? MAX_BLOCKS : MAX_BLOCKS * LONE_THREADS;
  const largest = tensors.find((tensor) => blocksOf(tensor) > most);
  if (largest) {
    throw new ShapeError(
      `the norm of a tensor of ${elementsOf(largest)} elements needs more than ${most} blocks`,
    );
  }
  const sums = allocate([blocks]);
  let first = 0;
  for (const part of groups(tensors)) {
    const scalars = Object.fromEntries([...SIZES, ...FIRSTS].map((name) => [name, 0])) as Record<
      Scalars,
      number
    >;
    const operands: Record<Name, Operand | undefined> = {
      sums,
      x0: undefined,
      x1: undefined,
      x2: undefined,
      x3: undefined,
      x4: undefined,
      x5: undefined,
      x6: undefined,
    };
    part.forEach((tensor, i) => {
      operands[TENSORS[i]!] = tensor;
      scalars[SIZES[i]!] = elementsOf(tensor);
      scalars[FIRSTS[i]!] = first;
      first += blocksOf(tensor);
    });
    // Blocks beyond a smaller tensor's end return at once.
    const most = Math.max(...part.map(blocksOf));
    const count = part.length;
    if (sharesBlocks()) launch(blockSums({ count }), operands, scalars, [most, count]);
    else {
      const quads = part.every((tensor) => elementsOf(tensor) % 4 === 0);
      launch(threadSums({ count, quads }), operands, scalars, [Math.ceil(most / LONE_THREADS), count]);
    }
  }
  const norm = allocate([]);
  launch(rootOfSum({}), { norm, sums }, { blocks }, [1]);
  release(sums);
  return wrap(norm);
}

/** sqrt of the sum of squares over all tensors, a scalar that the caller disposes; 0 for none. Not differentiable. */
export function globalNorm(tensors: readonly Tensor[]): Scalar {
  if (tensors.length === 0) return tf.scalar(0);
  if (usesProcessor()) return globalNormProcessor(tensors);
  if (usesKernels()) {
    return normKernels(tensors.flatMap((tensor) => elementParts(tensor.size).map((part) => part.of(tensor))));
  }
  return tf.tidy(() => {
    // Two at a time: tfjs's addN binds all its inputs at once, more than a WebGPU shader stage may have.
    const squares = tensors.map((tensor) => tf.sum<Scalar>(tf.square(tensor)));
    return tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
  });
}
