/**
 * What a step would do, and what it would cost: `trace` runs it once without executing or allocating anything,
 * and decides which of its tensors share memory.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { PlanError } from '../../errors';
import { flopsNoted, type MemoryKind } from '../cost';
import { webgpuBackend } from '../dispatch';
import { livesOf, peakOf, place, type Life, type Placement } from './memory';
import { accesses, orderCommands } from './order';
import { notedBuffer, type Command } from './notes';
import { Recorder, resourceOf, type Recording } from './recorder';

/** What a traced step needs; bytes on the device. */
export interface StepCost {
  dispatches: number;
  /** Of the products and attention: floating-point operations, a multiply-add being two. */
  flops: number;
  /** What the step's own buffers need, after sharing. */
  peakBytes: number;
  /** What they would need if none shared memory with another. */
  unsharedBytes: number;
  /** Its kinds at the moment when most is needed at once; they add up to no more than `peakBytes`. */
  bytesByKind: Partial<Record<MemoryKind, number>>;
  /** The largest buffer of the step. */
  largestBytes: number;
  /** Of every physical buffer that the step's own buffers share, largest first: plans share these by rank. */
  bufferBytes: readonly number[];
  /** Constants, inputs and outputs, which every plan has of its own. */
  ownBytes: number;
}

/** A step that was traced, not yet bound to memory. */
export interface TracedStep {
  readonly cost: StepCost;
  readonly recording: Recording;
  readonly commands: readonly Command[];
  readonly placement: Placement;
  readonly outputs: readonly Tensor[];
}

/** Gives back a traced step that will not be run. */
export function discard({ outputs }: TracedStep): void {
  const { tensorMap } = webgpuBackend();
  // Their buffers exist on paper only: the pool must not get them.
  for (const { dataId } of outputs) Object.assign(tensorMap.get(dataId), { resource: null });
  tf.dispose([...outputs]);
}

/** Buffers of a step that every plan has of its own: constants, inputs of the host, outputs. */
export function ownBuffers(
  commands: readonly Command[],
  { first }: Recording,
  outputs: ReadonlySet<GPUBuffer>,
): Set<GPUBuffer> {
  const own = new Set<GPUBuffer>();
  for (const command of commands) {
    const { reads, writes } = accesses(command);
    for (const buffer of [...reads, ...writes]) {
      const note = notedBuffer(buffer);
      if (note && note.index >= first && (note.data || note.read || outputs.has(buffer))) own.add(buffer);
    }
    for (const buffer of writes) {
      const note = notedBuffer(buffer);
      if (note && note.index >= first && (note.data ?? note.read)) {
        throw new PlanError(
          'a step writes into a constant or into an input of the host, so it cannot be replayed',
        );
      }
    }
  }
  return own;
}

function costOf(
  commands: readonly Command[],
  lives: readonly Life[],
  { sizes }: Placement,
  own: ReadonlySet<GPUBuffer>,
  flops: number,
): StepCost {
  const { at } = peakOf(lives, commands.length);
  const bytesByKind: StepCost['bytesByKind'] = {};
  for (const { buffer, size, first, last } of lives) {
    if (first > at || last < at) continue;
    const { kind } = notedBuffer(buffer)!;
    bytesByKind[kind] = (bytesByKind[kind] ?? 0) + size;
  }
  return {
    dispatches: commands.filter(({ kind }) => kind === 'dispatch').length,
    flops,
    peakBytes: sizes.reduce((sum, size) => sum + size, 0),
    unsharedBytes: lives.reduce((sum, { size }) => sum + size, 0),
    bytesByKind,
    largestBytes: sizes[0] ?? 0,
    bufferBytes: sizes,
    ownBytes: [...own].reduce((sum, { size }) => sum + size, 0),
  };
}

function describe(recorder: Recorder, step: () => readonly Tensor[]): TracedStep {
  const flops = flopsNoted();
  const { recording, outputs } = recorder.record(step);
  const commands = orderCommands(recording.commands);
  const results = new Set(outputs.map(resourceOf));
  const own = ownBuffers(commands, recording, results);
  const isTransient = (buffer: GPUBuffer) => {
    const note = notedBuffer(buffer);
    return note !== undefined && note.index >= recording.first && !own.has(buffer);
  };
  const lives = livesOf(commands, isTransient, new Set());
  const placement = place(lives, commands);
  const cost = costOf(commands, lives, placement, own, flopsNoted() - flops);
  return { cost, recording, commands, placement, outputs };
}

/**
 * Runs `step` on a device that only takes notes: nothing is executed, nothing allocated. It returns the tensors
 * that outlive the step; everything else that it makes must be gone at its end. Throws PlanError for a step that
 * cannot be replayed, and what the step throws.
 */
export function trace(step: () => readonly Tensor[]): TracedStep {
  const recorder = new Recorder();
  recorder.enter();
  try {
    return describe(recorder, step);
  } finally {
    recorder.leave();
  }
}

/** A device that only takes notes, as long as a dry run lasts. */
export interface DryDevice {
  /** What a step would need. The tensors that it returns are gone afterwards. */
  trace(step: () => readonly Tensor[]): StepCost;
  /** Bytes of the tensors that exist now, by what they are for. */
  bytes(): Partial<Record<MemoryKind, number>>;
}

/**
 * A run of `f` in which nothing reaches the device: its tensors are names with a size. `f` must not wait for
 * anything, gives back every tensor that it makes, and returns plain data. For costs of set-ups that were never
 * loaded.
 */
export function dryRun<T>(f: (device: DryDevice) => T): T {
  const recorder = new Recorder();
  const device: DryDevice = {
    trace(step) {
      const { cost, outputs } = describe(recorder, step);
      tf.dispose([...outputs]);
      return cost;
    },
    bytes: () => recorder.bytes(),
  };
  recorder.enter();
  try {
    return tf.tidy<never>(() => f(device) as never);
  } finally {
    recorder.leave();
  }
}
