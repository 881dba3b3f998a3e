/**
 * Records our kernels into the command encoder of tfjs's WebGPU backend, so that they keep their order with
 * tfjs's own ops. In the prototype a dispatch took 6 microseconds in Chromium, a tfjs op 115: no shape uniforms, no
 * writeBuffer, one cached immutable uniform buffer per content.
 *
 * This file, `device.ts` and `parameter.ts` alone touch the backend. The members in `Backend` are private but stable in the
 * pinned version 4.22.0.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { DeviceError } from '../errors';
import { traceListener } from './host';
import type { Kernel } from './kernel';
import { bindingLimit, checkBufferSize, tensorOf, type Operand } from './ranges';

export type { Operand } from './ranges';

interface Backend {
  device: GPUDevice;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  /** tfjs's own kernels, by its key. */
  pipelineCache: Record<string, GPUComputePipeline>;
  commandQueueOwnedIds: WeakSet<object>;
  tensorMap: { get(id: object): { resource: GPUBuffer; values: unknown } };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(id: object): void;
  makeTensorInfo(shape: readonly number[], dtype: DataType): TensorInfo;
  disposeData(id: object, force?: boolean): boolean;
}

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();
const uniforms = new WeakMap<GPUDevice, Map<string, GPUBuffer>>();
let dispatches = 0;

export function webgpuBackend(): Backend {
  if (tf.getBackend() !== 'webgpu')
    throw new DeviceError(`a GPU kernel was called on backend ${tf.getBackend()}`);
  return tf.backend() as unknown as Backend;
}

/** Dispatches of our own kernels since the start; tfjs's are not counted. */
export const dispatchCount = () => dispatches;

function cacheOf<T>(caches: WeakMap<GPUDevice, Map<string, T>>, device: GPUDevice): Map<string, T> {
  let cache = caches.get(device);
  if (!cache) caches.set(device, (cache = new Map<string, T>()));
  return cache;
}

/** Our kernels that are compiled for a device, by name. */
export const compiledPipelines = (device: GPUDevice) => cacheOf(pipelines, device);

function pipelineOf(device: GPUDevice, kernel: Kernel): GPUComputePipeline {
  const cache = cacheOf(pipelines, device);
  let pipeline = cache.get(kernel.name);
  if (!pipeline) {
    const module = device.createShaderModule({ code: kernel.code, label: kernel.name });
    pipeline = device.createComputePipeline({
      layout: 'auto',
      label: kernel.name,
      compute: { module, entryPoint: 'main' },
    });
    cache.set(kernel.name, pipeline);
  }
  return pipeline;
}

function uniformOf(device: GPUDevice, kernel: Kernel, scalars: Record<string, number>): GPUBuffer {
  const key = kernel.scalars.map(([name, type]) => type + scalars[name]!).join();
  const cache = cacheOf(uniforms, device);
  let buffer = cache.get(key);
  if (!buffer) {
    const size = Math.ceil(kernel.scalars.length / 4) * 16;
    buffer = device.createBuffer({ size, usage: GPUBufferUsage.UNIFORM, mappedAtCreation: true });
    const view = new DataView(buffer.getMappedRange());
    kernel.scalars.forEach(([name, type], i) => {
      if (type === 'u32') view.setUint32(i * 4, scalars[name]!, true);
      else view.setFloat32(i * 4, scalars[name]!, true);
    });
    buffer.unmap();
    cache.set(key, buffer);
  }
  return buffer;
}

/** The GPU buffer of a tensor, uploaded first where its values are still on the processor. */
export function bufferOf({ dataId }: TensorInfo): GPUBuffer {
  const backend = webgpuBackend();
  backend.uploadToGPU(dataId);
  return backend.tensorMap.get(dataId).resource;
}

/** An operand as a bind group takes it. Throws DeviceError when it is larger than the device binds. */
function bindingOf(operand: Operand, kernel: Kernel, binding: number): GPUBufferBinding {
  const buffer = bufferOf(tensorOf(operand));
  const { offset, size } = 'tensor' in operand ? operand : { offset: undefined, size: undefined };
  if ((size ?? buffer.size) > bindingLimit()) {
    throw new DeviceError(
      `the operand ${kernel.buffers[binding]} of kernel ${kernel.name} has ${size ?? buffer.size} bytes, this device binds at most ${bindingLimit()} at once`,
      'Choose a smaller batch or a shorter context.',
    );
  }
  return offset === undefined ? { buffer } : { buffer, offset, size };
}

/**
 * Runs a kernel. `operands` and `scalars` are given by the names the kernel declares; `grid` counts
 * workgroups. An operand of an option that this member of the family does not have may be undefined. Scalars become an immutable cached uniform: pass sizes and constants, and put what changes from
 * step to step (learning rate, seeds) into a storage buffer instead.
 */
export function launch<B extends string, U extends string>(
  kernel: Kernel<B, U>,
  operands: Record<NoInfer<B>, Operand | undefined>,
  scalars: Record<NoInfer<U>, number>,
  grid: readonly [number, number?, number?],
): void {
  const backend = webgpuBackend();
  const { device } = backend;
  const pipeline = pipelineOf(device, kernel);
  const bound = kernel.buffers.map((name) => {
    const operand: Operand | undefined = operands[name];
    if (!operand) throw new DeviceError(`kernel ${kernel.name} needs the operand ${name}`);
    return operand;
  });
  const entries: GPUBindGroupEntry[] = bound.map((operand, binding) => ({
    binding,
    resource: bindingOf(operand, kernel, binding),
  }));
  if (kernel.scalars.length > 0) {
    entries.push({ binding: entries.length, resource: { buffer: uniformOf(device, kernel, scalars) } });
  }
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  // A dispose before submit must not return these buffers to the pool while the queue still needs them.
  for (const operand of bound) backend.commandQueueOwnedIds.add(tensorOf(operand).dataId);

  backend.ensureCommandEncoderReady();
  const pass = (backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass());
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(grid[0], grid[1] ?? 1, grid[2] ?? 1);
  if (!traceListener()) dispatches++;
  if (++backend.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/**
 * A new uninitialised GPU tensor, owned by the caller: `release` it, or `wrap` it for the tape. Throws DeviceError for
 * one that the device has no buffer for.
 */
export function allocate(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
  const backend = webgpuBackend();
  // What is only traced is told in sizes, by whoever traces.
  if (!traceListener()) checkBufferSize(shape);
  const info = backend.makeTensorInfo(shape, dtype);
  backend.uploadToGPU(info.dataId);
  return info;
}

/** Gives a tensor of `allocate` back to the pool. */
export function release(info: TensorInfo): void {
  webgpuBackend().disposeData(info.dataId);
}

/** Hands a tensor of `allocate` to tfjs, which then owns it (tidy, dispose). */
export function wrap<T extends Tensor = Tensor>(info: TensorInfo): T {
  return tf.engine().makeTensorFromTensorInfo(info) as T;
}

/** Tells tfjs that a kernel wrote into this tensor, so that its copy of the values on the processor is stale. */
export function markWritten(info: TensorInfo): void {
  traceListener()?.written(info);
  webgpuBackend().tensorMap.get(info.dataId).values = null;
}

/**
 * Replaces the values of a GPU tensor, keeping its buffer: for scalars that change from step to step. What was
 * recorded before still sees the old values, because it is submitted first.
 */
export function writeTensor(info: TensorInfo, values: Float32Array | Int32Array): void {
  writeTensorRange(info, 0, values);
}

/** As `writeTensor`, for the elements from `first` on. */
export function writeTensorRange(info: TensorInfo, first: number, values: Float32Array | Int32Array): void {
  const backend = webgpuBackend();
  const buffer = bufferOf(info);
  if (backend.commandEncoder) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
  backend.device.queue.writeBuffer(buffer, first * 4, values as Float32Array<ArrayBuffer>);
  markWritten(info);
}

/** Gives `to` the values of `from`, a tensor of the same size, on the GPU and whatever a kernel can bind. */
export function copyTensor(from: TensorInfo, to: TensorInfo): void {
  const backend = webgpuBackend();
  const [source, target] = [bufferOf(from), bufferOf(to)];
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder!.copyBufferToBuffer(source, 0, target, 0, source.size);
  for (const { dataId } of [from, to]) backend.commandQueueOwnedIds.add(dataId);
  markWritten(to);
}
