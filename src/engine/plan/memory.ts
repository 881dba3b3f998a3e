/**
 * Which of a step's buffers may share memory. A buffer is needed from the first command that touches it to the
 * last; two that are never needed at once may lie in one physical buffer.
 *
 * Larger and longer ones choose first and take the tightest place that is free over their whole life; a physical buffer is
 * as large as the first one in it. ("Efficient Memory Management for Deep Neural Net Inference",
 * arXiv:2001.03288, "greedy by size".) Where no buffer is free, they go beside others into a larger one: activations
 * into what a weight's gradient takes later. WebGPU does not let a dispatch bind one buffer both for reading and for
 * writing, at whichever offsets, so those that a command needs together lie apart when it writes one of them.
 */
import { accesses } from './order';
import type { Command } from './notes';

/** A buffer's life, in positions of commands. */
export interface Life {
  readonly buffer: GPUBuffer;
  readonly size: number;
  readonly first: number;
  last: number;
}

/** The lives of the buffers for which `isTransient` holds; `outlives`: those needed when the step has ended. */
export function livesOf(
  commands: readonly Command[],
  isTransient: (buffer: GPUBuffer) => boolean,
  outlives: ReadonlySet<GPUBuffer>,
): Life[] {
  const lives = new Map<GPUBuffer, Life>();
  commands.forEach((command, at) => {
    const { reads, writes } = accesses(command);
    for (const buffer of [...reads, ...writes]) {
      const life = lives.get(buffer);
      if (life) life.last = at;
      else if (isTransient(buffer)) lives.set(buffer, { buffer, size: buffer.size, first: at, last: at });
    }
  });
  for (const buffer of outlives) {
    const life = lives.get(buffer);
    if (life) life.last = commands.length;
  }
  return [...lives.values()];
}

/** Where a buffer lies: in which physical one, and from which byte on. */
export interface Place {
  readonly index: number;
  readonly offset: number;
}

export interface Placement {
  /** Bytes of every physical buffer, largest first. */
  readonly sizes: readonly number[];
  readonly places: ReadonlyMap<GPUBuffer, Place>;
}

type Resident = Life & { offset: number };

// What every device grants as `minStorageBufferOffsetAlignment`.
const ALIGNMENT = 256;

/** By buffer, those that a command touches together with it while it writes one of the two. */
function keptApart(commands: readonly Command[]): Map<GPUBuffer, Set<GPUBuffer>> {
  const apart = new Map<GPUBuffer, Set<GPUBuffer>>();
  const add = (buffer: GPUBuffer, from: GPUBuffer) => {
    const known = apart.get(buffer);
    if (known) known.add(from);
    else apart.set(buffer, new Set([from]));
  };
  for (const command of commands) {
    const { reads, writes } = accesses(command);
    for (const written of writes)
      for (const other of [...reads, ...writes]) {
        add(written, other);
        add(other, written);
      }
  }
  return apart;
}

/** The first offset at which `size` bytes are free beside those that live at the same time; -1 where there is none. */
function roomBeside(beside: readonly Resident[], size: number, available: number): number {
  let offset = 0;
  for (const other of [...beside].sort((a, b) => a.offset - b.offset)) {
    if (other.offset - offset >= size) break;
    offset = Math.max(offset, Math.ceil((other.offset + other.size) / ALIGNMENT) * ALIGNMENT);
  }
  return offset + size <= available ? offset : -1;
}

/** Those of a physical buffer that live at the same time as `life`, and how long before or after it others do. */
function neighbours(residents: readonly Resident[], life: Life): { beside: Resident[]; gap: number } {
  const beside: Resident[] = [];
  let gap = Infinity;
  for (const other of residents) {
    const distance = other.first > life.last ? other.first - life.last : life.first - other.last;
    if (distance <= 0) beside.push(other);
    else gap = Math.min(gap, distance);
  }
  return { beside, gap };
}

/** Places transient buffers so that no two which are needed at once overlap, nor lie where WebGPU forbids it. */
export function place(lives: readonly Life[], commands: readonly Command[]): Placement {
  const apart = keptApart(commands);
  const sizes: number[] = [];
  const residents: Resident[][] = [];
  const places = new Map<GPUBuffer, Place>();
  const bySize = [...lives].sort((a, b) => b.size - a.size || b.last - b.first - (a.last - a.first));
  for (const life of bySize) {
    const others = apart.get(life.buffer);
    let best: Place | null = null;
    let bestCost = Infinity;
    residents.forEach((those, index) => {
      const { beside, gap } = neighbours(those, life);
      // An empty place first, where a tight fit in time leaves long gaps for others; else the smallest with room.
      const cost = beside.length === 0 ? gap : lives.length + commands.length + sizes[index]!;
      if (cost >= bestCost || beside.some(({ buffer }) => others?.has(buffer))) return;
      const offset = roomBeside(beside, life.size, sizes[index]!);
      if (offset >= 0) [best, bestCost] = [{ index, offset }, cost];
    });
    if (!best) {
      best = { index: sizes.push(life.size) - 1, offset: 0 };
      residents.push([]);
    }
    residents[best.index]!.push({ ...life, offset: best.offset });
    places.set(life.buffer, best);
  }
  return { sizes, places };
}

/** The most bytes that lives need at one moment: what no placement can go below. */
export function peakOf(lives: readonly Life[], end: number): { bytes: number; at: number } {
  const changes = new Float64Array(end + 2);
  for (const { size, first, last } of lives) {
    changes[first]! += size;
    changes[Math.min(last, end) + 1]! -= size;
  }
  let bytes = 0;
  let at = 0;
  let now = 0;
  for (let i = 0; i <= end; i++) {
    now += changes[i]!;
    if (now > bytes) [bytes, at] = [now, i];
  }
  return { bytes, at };
}
