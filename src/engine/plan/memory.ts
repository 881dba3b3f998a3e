/**
 * Which of a step's buffers may share memory. A buffer is needed from the first command that touches it to the
 * last; two that are never needed at once may lie in one physical buffer.
 *
 * Larger and longer ones choose first and take the tightest place that is free over their whole life; a physical buffer is
 * as large as the first one in it. ("Efficient Memory Management for Deep Neural Net Inference",
 * arXiv:2001.03288, "greedy by size".) One buffer for all with offsets would be tighter, but WebGPU does not let a
 * dispatch bind one buffer both for reading and for writing.
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

export interface Placement {
  /** Bytes of every physical buffer, largest first. */
  readonly sizes: readonly number[];
  /** Index into `sizes` of every transient buffer. */
  readonly places: ReadonlyMap<GPUBuffer, number>;
}

/** Places transient buffers so that no two which are needed at once share a physical one. */
export function place(lives: readonly Life[]): Placement {
  const sizes: number[] = [];
  const residents: Life[][] = [];
  const places = new Map<GPUBuffer, number>();
  const bySize = [...lives].sort((a, b) => b.size - a.size || b.last - b.first - (a.last - a.first));
  for (const life of bySize) {
    let best = -1;
    let bestGap = Infinity;
    residents.forEach((others, index) => {
      // How long the place stands empty around this life: a tight fit leaves long gaps for others.
      let gap = Infinity;
      for (const other of others) {
        const distance = other.first > life.last ? other.first - life.last : life.first - other.last;
        if (distance <= 0) return;
        gap = Math.min(gap, distance);
      }
      if (gap < bestGap) [best, bestGap] = [index, gap];
    });
    if (best < 0) {
      best = sizes.push(life.size) - 1;
      residents.push([]);
    }
    residents[best]!.push(life);
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
