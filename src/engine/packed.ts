/**
 * Weights of a frozen model in half the bytes: float16, two to an int32, unpacked where a kernel reads them
 * (`unpack2x16float`, which every device has). For what matrix products read as operand b and for the token
 * embedding; nothing is trained in this form. Only kernels read it: elsewhere the same weights are float32 values
 * rounded to float16.
 */
import { ShapeError } from '../errors';
import { allocate, launch, webgpuBackend, wrap, writeTensorRange } from './dispatch';
import { flatIndex, kernelFamily, linearGrid } from './kernel';
import { disposeParameter, parameterOf, type Parameter } from './parameter';
import { rowParts } from './ranges';

/** Bit patterns from element `first` on; both it and their number are even. */
export interface PackedPiece {
  first: number;
  halves: Uint16Array;
}

const pairs = (halves: Uint16Array) => new Int32Array(halves.buffer, halves.byteOffset, halves.length / 2);

/** A frozen weight [.., C], C a multiple of 4, with nothing in it yet. Throws ShapeError. */
export function emptyPackedParameter(name: string, shape: readonly number[]): Parameter {
  const width = shape.at(-1) ?? 0;
  if (width % 4 !== 0)
    throw new ShapeError(`${name} [${shape.join(', ')}] cannot be packed: its rows are no multiple of 4`);
  const info = allocate([...shape.slice(0, -1), width / 2], 'int32');
  const parameter = parameterOf(name, () => wrap(info), false);
  return { ...parameter, shape, size: parameter.size * 2, packed: true };
}

/** Makes a frozen parameter of float16 bit patterns; the caller disposes it. Throws ShapeError. */
export function createPackedParameter(
  name: string,
  shape: readonly number[],
  halves: Uint16Array,
): Parameter {
  const parameter = emptyPackedParameter(name, shape);
  if (halves.length !== parameter.size) {
    disposeParameter(parameter);
    throw new ShapeError(`${halves.length} values do not fill ${name} [${shape.join(', ')}]`);
  }
  writeTensorRange(parameter.value, 0, pairs(halves));
  return parameter;
}

/**
 * The same of pieces that cover it once, in any order. Throws ShapeError when they do not, and whatever `pieces`
 * throws.
 */
export async function fillPackedParameter(
  name: string,
  shape: readonly number[],
  pieces: AsyncIterable<PackedPiece>,
): Promise<Parameter> {
  const parameter = emptyPackedParameter(name, shape);
  const { size } = parameter;
  try {
    let filled = 0;
    for await (const { first, halves } of pieces) {
      filled += halves.length;
      if (first + halves.length > size) break;
      writeTensorRange(parameter.value, first / 2, pairs(halves));
      // As in `fillParameter`: a fast disk must not queue up every piece.
      await webgpuBackend().device.queue.onSubmittedWorkDone();
    }
    if (filled !== size) throw new ShapeError(`${filled} values do not fill ${name} [${shape.join(', ')}]`);
    return parameter;
  } catch (error) {
    disposeParameter(parameter);
    throw error;
  }
}

const THREADS = 64;

const unpack = kernelFamily('Unpack', () => ({
  write: { y: 'vec4f' as const },
  read: { x: 'vec2u' as const },
  scalars: { quads: 'u32' as const },
  workgroupSize: [THREADS],
  main: `
  let i = ${flatIndex(THREADS)};
  if (i < u.quads) { y[i] = vec4f(unpack2x16float(x[i].x), unpack2x16float(x[i].y)); }`,
}));

/** A float32 copy of a packed weight. */
export function unpackedCopy(name: string, { shape, size, value }: Parameter, trainable: boolean): Parameter {
  const width = shape.at(-1)!;
  const y = allocate(shape);
  for (const { first, count, of } of rowParts(size / width, width * 4)) {
    // A row of halves has half the bytes of the row that it becomes.
    const halves = { tensor: value, offset: first * width * 2, size: count * width * 2 };
    const quads = (count * width) / 4;
    launch(unpack({}), { y: of(y), x: halves }, { quads }, linearGrid(quads, THREADS));
  }
  return parameterOf(name, () => wrap(y), trainable);
}
