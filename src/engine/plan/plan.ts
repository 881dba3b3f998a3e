/**
 * A step as a flat list of commands. `trace` runs the step once without executing or allocating anything;
 * `preparePlan` compiles its kernels and binds memory; `replay` refills what the host may change and submits
 * the commands. What a step function must keep to stands in docs/engine.md.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { PlanError } from '../../errors';
import { flopsNoted, type MemoryKind } from '../cost';
import { markWritten, webgpuBackend } from '../dispatch';
import { livesOf, peakOf, place, type Life, type Placement } from './memory';
import { accesses, orderCommands } from './order';
import { compilePipelines, type CompileProgress } from './pipelines';
import { poolOf, type MemoryPool } from './pool';
import {
  notedBuffer,
  Recorder,
  resourceOf,
  type Command,
  type NotedBinding,
  type Recording,
} from './recorder';

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

export interface Plan {
  readonly cost: StepCost;
  /** What the step returned; the same tensors after every replay, with new values. */
  readonly outputs: readonly Tensor[];
  /** Submits the step; nothing is awaited. */
  replay(): void;
  dispose(): void;
}

/** Buffers of a step that every plan has of its own: constants, inputs of the host, outputs. */
function ownBuffers(
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
      if (note?.data ?? note?.read) {
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
  const placement = place(lives);
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
    return tf.tidy(() => f(device) as never) as T;
  } finally {
    recorder.leave();
  }
}

const STORAGE = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

interface BoundCommand {
  readonly pipeline: GPUComputePipeline | null;
  readonly group: GPUBindGroup | null;
  readonly grid: readonly [number, number, number];
  readonly copy: {
    source: GPUBuffer;
    sourceOffset: number;
    target: GPUBuffer;
    targetOffset: number;
    size: number;
  } | null;
}

/** The real buffer behind one of the recording, and its size as the step sees it. */
type Locate = (buffer: GPUBuffer) => GPUBuffer;

function bind(
  device: GPUDevice,
  commands: readonly Command[],
  pipelines: ReadonlyMap<unknown, GPUComputePipeline>,
  locate: Locate,
): BoundCommand[] {
  const entry = ({ buffer, offset, size }: NotedBinding, binding: number): GPUBindGroupEntry => ({
    binding,
    // A physical buffer may be larger than what lies in it now.
    resource: { buffer: locate(buffer), offset, size: size ?? buffer.size - offset },
  });
  return commands.map((command) => {
    if (command.kind === 'copy') {
      const { sourceOffset, targetOffset, size } = command;
      const copy = {
        source: locate(command.source),
        sourceOffset,
        target: locate(command.target),
        targetOffset,
        size,
      };
      return { pipeline: null, group: null, grid: [0, 0, 0], copy };
    }
    const pipeline = pipelines.get(command.pipeline)!;
    const entries = command.bindings.map(entry);
    const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    return { pipeline, group, grid: command.grid, copy: null };
  });
}

// One submission of a long step would keep everything else waiting on a slow device.
const COMMANDS_PER_SUBMIT = 256;

function submit(device: GPUDevice, commands: readonly BoundCommand[]): void {
  for (let first = 0; first < commands.length; first += COMMANDS_PER_SUBMIT) {
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    let current: GPUComputePipeline | null = null;
    const end = Math.min(commands.length, first + COMMANDS_PER_SUBMIT);
    for (let i = first; i < end; i++) {
      const { pipeline, group, grid, copy } = commands[i]!;
      if (copy) {
        pass?.end();
        pass = current = null;
        encoder.copyBufferToBuffer(copy.source, copy.sourceOffset, copy.target, copy.targetOffset, copy.size);
        continue;
      }
      pass ??= encoder.beginComputePass();
      if (pipeline !== current) pass.setPipeline((current = pipeline!));
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
    pass?.end();
    device.queue.submit([encoder.finish()]);
  }
}

/** What tfjs had recorded by itself goes first. */
function flush(): void {
  const backend = webgpuBackend();
  if (!backend.commandEncoder) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Real buffers for what a plan has of its own; constants with their values. */
function realise(device: GPUDevice, own: ReadonlySet<GPUBuffer>): Map<GPUBuffer, GPUBuffer> {
  const real = new Map<GPUBuffer, GPUBuffer>();
  const constants = new Map<string, GPUBuffer>();
  for (const buffer of own) {
    const { data, size, usage } = notedBuffer(buffer)!;
    if (!data) {
      real.set(buffer, device.createBuffer({ size, usage: STORAGE() }));
      continue;
    }
    // Scalars and shapes repeat in every layer; large constants are compared by identity alone.
    const key = size <= 256 ? `${usage} ${new Uint8Array(data).join()}` : `#${constants.size}`;
    let constant = constants.get(key);
    if (!constant) {
      constant = device.createBuffer({ size, usage, mappedAtCreation: true });
      new Uint8Array(constant.getMappedRange()).set(new Uint8Array(data));
      constant.unmap();
      constants.set(key, constant);
    }
    real.set(buffer, constant);
  }
  return real;
}

/**
 * Compiles a traced step's kernels and gives it memory. Throws DeviceError for a kernel that does not compile and
 * PlanError for a buffer that the device cannot hold.
 */
export async function preparePlan(traced: TracedStep, onProgress?: CompileProgress): Promise<Plan> {
  const { recording, commands, placement, outputs, cost } = traced;
  const pipelines = await compilePipelines(recording, onProgress);
  const { device, tensorMap } = webgpuBackend();
  const resultBuffers = outputs.map(resourceOf);
  const own = realise(device, ownBuffers(commands, recording, new Set(resultBuffers)));
  const inputs = [...own].flatMap(([noted, buffer]) => {
    const { read } = notedBuffer(noted)!;
    return read ? [{ buffer, read }] : [];
  });
  outputs.forEach(({ dataId }, i) => {
    // tfjs must not return the buffer to its own pool.
    Object.assign(tensorMap.get(dataId), { resource: own.get(resultBuffers[i]!), external: true });
  });
  const pool: MemoryPool = poolOf(device);
  pool.join(placement.sizes);
  const locate: Locate = (buffer) => {
    const place = placement.places.get(buffer);
    return place === undefined ? (own.get(buffer) ?? buffer) : pool.buffers[place]!;
  };
  let version = -1;
  let bound: BoundCommand[] = [];
  let disposed = false;
  return {
    cost,
    outputs,
    replay() {
      if (disposed) throw new PlanError('a plan was replayed after it had been given back');
      if (pool.version !== version) {
        bound = bind(device, commands, pipelines, locate);
        version = pool.version;
      }
      flush();
      for (const { buffer, read } of inputs)
        device.queue.writeBuffer(buffer, 0, read() as Float32Array<ArrayBuffer>);
      submit(device, bound);
      for (const info of recording.written) markWritten(info);
      for (const info of outputs) markWritten(info);
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      pool.leave();
      flush();
      tf.dispose([...outputs]);
      for (const buffer of new Set(own.values())) buffer.destroy();
    },
  };
}
