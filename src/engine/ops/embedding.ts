/**
 * Token and position embedding: y[b T + t] = wte[ids[b T + t]] + wpe[t].
 *   dwte[v] = sum of dy over the positions where id = v,  dwpe[t] = sum of dy[b T + t] over b
 * Shapes: y [N, C] with N = B T, wte [V, C], wpe [P, C] with P >= T; rows of wpe from T on have gradient 0.
 *
 * The gradient of wte goes through a list of positions sorted by id (compressed sparse rows), made on the
 * host: no atomics, so it is the same from run to run, and only rows of ids that occur are added to.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { GradSaveFunc, Tensor, Tensor1D, Tensor2D, Tensor3D, TensorInfo } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors';
import { allocate, launch, wrap } from '../dispatch';
import { hostTensor } from '../host';
import { flatIndex, kernelFamily, linearGrid } from '../kernel';
import { usesKernels } from '../mode';
import { accumulateGradient, tapeAnchor, type Parameter } from '../parameter';
import { vocabularyParts } from './vocabulary';

/**
 * A batch of token ids on the device; the caller disposes it with `disposeTokens`. Upload it outside the function
 * that is differentiated: the backward pass still needs it, and tfjs drops what that function leaves behind.
 */
export interface TokenTensors {
  /** [N] int32, sequences one after the other. */
  readonly ids: Tensor1D;
  /** [N] int32: positions sorted by id, and by position where ids are equal. */
  readonly order: Tensor1D;
  /** [V + 1] int32: positions of id v are order[offsets[v]] to order[offsets[v + 1] - 1]. */
  readonly offsets: Tensor1D;
  readonly batch: number;
  readonly length: number;
  /** [B] int32: how many tokens of each sequence come before its padding on the right; absent: there is none. */
  readonly lengths?: Tensor1D;
}

/** Counting sort of positions by id. Throws ShapeError for an id outside the vocabulary. */
export function sortByToken(ids: Int32Array, vocabSize: number): { order: Int32Array; offsets: Int32Array } {
  const offsets = new Int32Array(vocabSize + 1);
  ids.forEach((id, position) => {
    if (id < 0 || id >= vocabSize) {
      throw new ShapeError(
        `token ${id} at position ${position} is outside the vocabulary of ${vocabSize}`,
        'The text was tokenised for another model; load the tokenizer that belongs to this one.',
      );
    }
    offsets[id + 1]!++;
  });
  for (let id = 0; id < vocabSize; id++) offsets[id + 1]! += offsets[id]!;
  const next = offsets.slice(0, vocabSize);
  const order = new Int32Array(ids.length);
  ids.forEach((id, position) => (order[next[id]!++] = position));
  return { order, offsets };
}

/**
 * Tokens that `read` gives, [batch * length], and gives anew before every replay of a plan. Throws ShapeError, then
 * or now, for a wrong count or an id outside the vocabulary.
 */
export function hostTokens(
  read: () => Int32Array,
  batch: number,
  length: number,
  vocabSize: number,
): TokenTensors {
  const rows = batch * length;
  let last: { ids: Int32Array; sorted: ReturnType<typeof sortByToken> } | null = null;
  const sorted = () => {
    const ids = read();
    if (ids.length !== rows) {
      throw new ShapeError(`${ids.length} token ids do not make ${batch} sequences of ${length}`);
    }
    if (last?.ids !== ids) last = { ids, sorted: sortByToken(ids, vocabSize) };
    return last.sorted;
  };
  const tensor = (size: number, values: () => Int32Array) => hostTensor<tf.Rank.R1>([size], 'int32', values);
  const offsets = tensor(vocabSize + 1, () => sorted().offsets);
  const order = tensor(rows, () => sorted().order);
  return { ids: tensor(rows, read), order, offsets, batch, length };
}

/** Puts ids [batch * length] on the device. Throws ShapeError for a wrong count or an id outside the vocabulary. */
export function uploadTokens(
  ids: Int32Array,
  batch: number,
  length: number,
  vocabSize: number,
): TokenTensors {
  return hostTokens(() => ids, batch, length, vocabSize);
}

export function disposeTokens({ ids, order, offsets, lengths }: TokenTensors): void {
  tf.dispose([ids, order, offsets, ...(lengths ? [lengths] : [])]);
}

const THREADS = 64;

type LookupScalar = 'rows' | 'quads' | 'length' | 'first' | 'count';

/** Where wte comes in parts (`part`), writes the rows whose id is in this one: from `first`, `count` of them. */
const lookup = kernelFamily<
  { part: boolean; packed: boolean; positions: boolean },
  'y' | 'ids' | 'wte' | 'wpe',
  LookupScalar
>('Embedding', ({ part, packed, positions }) => ({
  write: { y: 'vec4f' },
  read: { ids: 'i32', wte: packed ? 'vec2u' : 'vec4f', ...(positions ? { wpe: 'vec4f' } : {}) },
  scalars: { rows: 'u32', quads: 'u32', length: 'u32', first: 'u32', count: 'u32' },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.rows * u.quads) { return; }
  let row = i / u.quads;
  let q = i % u.quads;
  let id = u32(ids[row])${part ? ' - u.first' : ''};
  ${part ? '// Below `first` the difference wraps around to a large number.\n  if (id >= u.count) { return; }' : ''}
  let e = wte[id * u.quads + q];
  y[i] = ${packed ? 'vec4f(unpack2x16float(e.x), unpack2x16float(e.y))' : 'e'}${positions ? ' + wpe[(row % u.length) * u.quads + q]' : ''};`,
}));

const tokenGradient = kernelFamily('EmbeddingTokenGradient', ({ add }: { add: boolean }) => ({
  write: { dWte: 'vec4f' as const },
  read: { dy: 'vec4f' as const, order: 'i32' as const, offsets: 'i32' as const },
  // Rows of the vocabulary, those of one part of dWte.
  scalars: { first: 'u32' as const, count: 'u32' as const, quads: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i >= u.count * u.quads) { return; }
  let id = u.first + i / u.quads;
  let q = i % u.quads;
  let begin = offsets[id];
  let end = offsets[id + 1u];
  ${add ? 'if (begin == end) { return; }' : ''}
  var total = ${add ? 'dWte[i]' : 'vec4f(0.0)'};
  for (var at = begin; at < end; at++) { total += dy[u32(order[at]) * u.quads + q]; }
  dWte[i] = total;`,
}));

const positionGradient = kernelFamily('EmbeddingPositionGradient', ({ add }: { add: boolean }) => ({
  write: { dWpe: 'vec4f' as const },
  read: { dy: 'vec4f' as const },
  scalars: {
    batch: 'u32' as const,
    length: 'u32' as const,
    positions: 'u32' as const,
    quads: 'u32' as const,
  },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  let used = u.length * u.quads;
  if (i >= u.positions * u.quads) { return; }
  var total = ${add ? 'dWpe[i]' : 'vec4f(0.0)'};
  if (i < used) { for (var b = 0u; b < u.batch; b++) { total += dy[b * used + i]; } }
  dWpe[i] = total;`,
}));

interface Sequences {
  readonly batch: number;
  readonly length: number;
}

function addPositionGradient(dy: TensorInfo, wpe: Parameter, { batch, length }: Sequences): void {
  const [positions, width] = wpe.shape as [number, number];
  const quads = width / 4;
  accumulateGradient(wpe, (dWpe, add) =>
    launch(
      positionGradient({ add }),
      { dWpe, dy },
      { batch, length, positions, quads },
      linearGrid(positions * quads, THREADS),
    ),
  );
}

function embeddingKernels(tokens: TokenTensors, wte: Parameter, wpe: Parameter | null): Tensor2D {
  const { ids, order, offsets, batch, length } = tokens;
  const width = wte.shape[1]!;
  const rows = batch * length;
  const quads = width / 4;
  const op = tf.customGrad(() => {
    const y = allocate([rows, width]);
    const parts = vocabularyParts(wte);
    for (const { first, count, of } of parts) {
      launch(
        lookup({ part: parts.length > 1, packed: wte.packed, positions: wpe !== null }),
        { y, ids, wte: of(wte.value), wpe: wpe?.value },
        { rows, quads, length, first, count },
        linearGrid(rows * quads, THREADS),
      );
    }
    const gradFunc = (dy: Tensor) => {
      accumulateGradient(wte, (dWte, add) => {
        for (const { first, count, of } of vocabularyParts(wte)) {
          launch(
            tokenGradient({ add }),
            { dWte: of(dWte), dy, order, offsets },
            { first, count, quads },
            linearGrid(count * quads, THREADS),
          );
        }
      });
      if (wpe) addPositionGradient(dy, wpe, tokens);
      return tf.zeros([1]);
    };
    return { value: wrap(y), gradFunc };
  });
  return op(tapeAnchor()) as Tensor2D;
}

/** Rows of a table, whose gradient is one scatter: tfjs's own gather gradient has no kernel on wasm. */
function gatherRows(table: Tensor2D, ids: Tensor1D): Tensor2D {
  const op = tf.customGrad(() => ({
    value: tf.gather(table, ids),
    gradFunc: (dy: Tensor) => tf.scatterND(tf.expandDims(ids, 1), dy, table.shape),
  }));
  return op(table) as Tensor2D;
}

function addPositionsReference(x: Tensor2D, wpe: Parameter, { batch, length }: Sequences): Tensor2D {
  const width = wpe.shape[1]!;
  const positions = tf.slice(wpe.value as unknown as Tensor2D, [0, 0], [length, width]);
  const sum: Tensor3D = tf.add(tf.reshape(x, [batch, length, width]), positions);
  return tf.reshape(sum, [batch * length, width]);
}

function checkLength(length: number, wpe: Parameter): void {
  if (length > wpe.shape[0]!) {
    throw new ShapeError(
      `sequences of ${length} tokens are longer than the model's ${wpe.shape[0]} positions`,
    );
  }
}

/**
 * x [N, C] + wpe[t], for input embeddings that do not come from token ids. Differentiable in x; adds to the
 * gradient of wpe. Throws ShapeError when a sequence is longer than wpe.
 */
export function addPositions(x: Tensor2D, wpe: Parameter, sequences: Sequences): Tensor2D {
  checkLength(sequences.length, wpe);
  const plain = () => tf.tidy(() => addPositionsReference(x, wpe, sequences));
  if (!usesKernels()) return plain();
  const op = tf.customGrad((...args: unknown[]) => {
    (args[1] as GradSaveFunc)([]);
    const gradFunc = (dy: Tensor) => {
      addPositionGradient(dy, wpe, sequences);
      return dy.clone();
    };
    return { value: plain(), gradFunc };
  });
  return op(x);
}

/**
 * wte[id] + wpe[position] for every token, [N, C], or without `wpe` wte[id] alone. Adds to the gradients of wte [V, C] and wpe [P, C]. The
 * kernels need C to be a multiple of 4 (`kernelsServe`). Throws ShapeError when a sequence is longer than wpe
 * or the tokens were uploaded for another vocabulary.
 */
export function embedding(tokens: TokenTensors, wte: Parameter, wpe: Parameter | null): Tensor2D {
  if (wpe) checkLength(tokens.length, wpe);
  if (tokens.offsets.size !== wte.shape[0]! + 1) {
    throw new ShapeError(
      `the tokens are for a vocabulary of ${tokens.offsets.size - 1}, ${wte.name} is [${wte.shape.join(', ')}]`,
    );
  }
  if (usesKernels()) return embeddingKernels(tokens, wte, wpe);
  return tf.tidy(() => {
    const words = gatherRows(wte.value as unknown as Tensor2D, tokens.ids);
    return wpe ? addPositionsReference(words, wpe, tokens) : words;
  });
}
