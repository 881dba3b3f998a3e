/**
 * A step as a flat list of commands that is replayed: kernels compiled, memory bound, what the host may change
 * refilled before every run. What a step function must keep to stands in docs/engine.md.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { PlanError } from '../../errors';
import { markWritten, webgpuBackend } from '../dispatch';
import { compilePipelines, type CompileProgress } from './pipelines';
import { poolOf, type MemoryPool } from './pool';
import { notedBuffer, type Command, type NotedBinding } from './notes';
import { resourceOf } from './recorder';
import { discard, ownBuffers, type StepCost, type TracedStep } from './trace';

export interface Plan {
  readonly cost: StepCost;
  /** What the step returned; the same tensors after every replay, with new values. */
  readonly outputs: readonly Tensor[];
  /** Submits the step; nothing is awaited. */
  replay(): void;
  dispose(): void;
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

/** The real buffer behind one of the recording, and from which byte on it lies there. */
type Locate = (buffer: GPUBuffer) => { buffer: GPUBuffer; start: number };

function bind(
  device: GPUDevice,
  commands: readonly Command[],
  pipelines: ReadonlyMap<unknown, GPUComputePipeline>,
  locate: Locate,
): BoundCommand[] {
  const entry = ({ buffer, offset, size }: NotedBinding, binding: number): GPUBindGroupEntry => {
    const real = locate(buffer);
    // A physical buffer may be larger than what lies in it now.
    const bytes = size ?? buffer.size - offset;
    return { binding, resource: { buffer: real.buffer, offset: real.start + offset, size: bytes } };
  };
  return commands.map((command) => {
    if (command.kind === 'copy') {
      const [source, target] = [locate(command.source), locate(command.target)];
      const copy = {
        source: source.buffer,
        sourceOffset: source.start + command.sourceOffset,
        target: target.buffer,
        targetOffset: target.start + command.targetOffset,
        size: command.size,
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
  let pipelines;
  const pool: MemoryPool = poolOf(webgpuBackend().device);
  try {
    pipelines = await compilePipelines(recording, onProgress);
    pool.join(placement.sizes);
  } catch (error) {
    discard(traced);
    throw error;
  }
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
  const locate: Locate = (buffer) => {
    const place = placement.places.get(buffer);
    if (!place) return { buffer: own.get(buffer) ?? buffer, start: 0 };
    return { buffer: pool.buffers[place.index]!, start: place.offset };
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
