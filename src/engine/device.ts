/**
 * Opens the backend that runs everything: our own WebGPU device under tfjs's name, or wasm, or plain
 * JavaScript. tfjs itself asks for few features and limits and never listens to errors or to the loss of a
 * device, so this file does.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { DeviceError } from '../errors';
import { bufferOf, webgpuBackend } from './dispatch';
import { setOpsMode } from './mode';
import { resetTapeAnchor } from './parameter';
import { productsTime, stepTime } from './probe';
import { startProcessor } from './processor/processor';
import { setBindingLimit, setBufferLimit } from './ranges';
import { adapterKind, setVariants, type AdapterKind, type DeviceFacts } from './variants';

export type BackendName = 'webgpu' | 'wasm' | 'cpu';

/** What is shown about a device; the session passes it on as it is. */
export interface DeviceInfo {
  backend: BackendName;
  /** For people: `NVIDIA GeForce RTX 4070`, `SwiftShader`, `this processor, one thread`. */
  description: string;
  /** True when WebGPU runs on the processor, or no WebGPU is there. */
  software: boolean;
  features: string[];
  limits: { maxBufferSize: number; maxStorageBufferBindingSize: number };
  /** Why this backend and not a faster one. Absent on a real GPU. */
  reason?: string;
}

export interface Device {
  readonly info: DeviceInfo;
  /** Resolves with the reason when the device is lost or reports an error nobody caught; then start afresh. */
  readonly lost: Promise<string>;
  close(): void;
}

export interface DeviceOptions {
  prefer: 'auto' | BackendName;
  /** Folder or address of the three wasm files, ending in a slash. */
  wasmPath?: string;
  /** Makes do with less than the GPU grants, as on a smaller one; for tests and for finding what fits. */
  atMost?: Partial<DeviceInfo['limits']>;
}

const WANTED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
// The defaults are too small: the tied embedding of GPT-2 small is 147 MiB, the default binding 128 MiB.
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
] as const;

function describe(info: GPUAdapterInfo): string {
  const named = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ');
  return /swiftshader/i.test(named) ? 'SwiftShader' : named || 'unnamed GPU';
}

interface OpenGPU {
  device: GPUDevice;
  adapterInfo: GPUAdapterInfo;
  kind: AdapterKind;
  facts: DeviceFacts;
  info: DeviceInfo;
}

const factsOf = (device: GPUDevice, adapter: GPUAdapterInfo): DeviceFacts => ({
  features: [...device.features].sort(),
  workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
  subgroupSize: adapter.subgroupMinSize ?? 0,
});

/** Opens a GPU device, or says in one sentence why there is none. */
async function openGPU(atMost: Partial<DeviceInfo['limits']>): Promise<OpenGPU | string> {
  if (!('navigator' in globalThis) || !navigator.gpu) return 'WebGPU is not available here';
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return 'WebGPU is available, but it found no GPU it can use';
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const requiredLimits = Object.fromEntries(
    WANTED_LIMITS.map((limit) => [
      limit,
      Math.min(adapter.limits[limit], limit in atMost ? atMost[limit as keyof typeof atMost]! : Infinity),
    ]),
  );
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (error) {
    return `the GPU refused to open (${error instanceof Error ? error.message : String(error)})`;
  }
  const description = describe(adapter.info);
  const named = [description, adapter.info.vendor, adapter.info.architecture, adapter.info.device].join(' ');
  const kind = adapterKind({
    description: named,
    isFallbackAdapter: adapter.info.isFallbackAdapter ?? false,
  });
  // WebGPU raises a wish below its own minimum (128 MiB a binding), so the engine keeps to it by itself.
  const maxBufferSize = Math.min(device.limits.maxBufferSize, atMost.maxBufferSize ?? Infinity);
  const maxStorageBufferBindingSize = Math.min(
    device.limits.maxStorageBufferBindingSize,
    atMost.maxStorageBufferBindingSize ?? Infinity,
  );
  const info: DeviceInfo = {
    backend: 'webgpu',
    description,
    software: kind === 'software',
    features: [...device.features].sort(),
    limits: { maxBufferSize, maxStorageBufferBindingSize },
  };
  return { device, adapterInfo: adapter.info, kind, facts: factsOf(device, adapter.info), info };
}

/** Resolves once, with the first thing that makes the device's results worthless. */
function watch(device: GPUDevice): { lost: Promise<string>; closing: () => void } {
  let closed = false;
  const lost = new Promise<string>((resolve) => {
    void device.lost.then(({ reason, message }) => {
      if (!closed) resolve(`the GPU was lost (${reason}: ${message})`);
    });
    // tfjs computes on with zeros after a validation or out-of-memory error: the run must stop instead.
    device.addEventListener('uncapturederror', (event) => {
      resolve(`the GPU reported an error: ${event.error.message}`);
    });
  });
  return { lost, closing: () => void (closed = true) };
}

async function activateGPU({ device, kind, facts, info, adapterInfo }: OpenGPU): Promise<Device> {
  const { lost, closing } = watch(device);
  // tfjs registers its own factory at import when navigator.gpu is there.
  if (tf.engine().backendNames().includes('webgpu')) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapterInfo), 3);
  await tf.setBackend('webgpu');
  // Small tensors would be computed on the processor, and frozen into a replayed plan.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  resetTapeAnchor();
  setVariants(kind, facts);
  setBindingLimit(info.limits.maxStorageBufferBindingSize);
  setBufferLimit(info.limits.maxBufferSize);
  setOpsMode('kernels');
  return {
    info,
    lost,
    close: () => {
      closing();
      setOpsMode('reference');
      resetTapeAnchor();
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

const NO_LIMITS = { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 };

// As many as tfjs's own module ever starts.
const MAX_THREADS = 8;

/** The processor's kernels; ops stay plain tfjs ops, with a reason, where they do not start. */
async function startKernels(simd: boolean): Promise<{ threads: number; reason?: string }> {
  if (!simd) return { threads: 1, reason: 'WebAssembly has no SIMD here, so plain tfjs ops run' };
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  try {
    const threads = await startProcessor(Math.min(MAX_THREADS, cores));
    setOpsMode('processor');
    return { threads };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      threads: 1,
      reason: `the kernels for the processor did not start (${why}), so plain tfjs ops run`,
    };
  }
}

// tfjs refuses a new path once the module is loaded.
let wasmStarted = false;

/** Our kernels on tfjs's wasm backend, or plain tfjs ops. Throws DeviceError when the backend does not start. */
async function activateProcessor(backend: 'wasm' | 'cpu', wasmPath: string | undefined): Promise<Device> {
  let description = 'this processor, plain JavaScript';
  if (backend === 'wasm') {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    if (wasmPath !== undefined && !wasmStarted) wasm.setWasmPaths(wasmPath);
    wasmStarted = true;
  } else {
    await import('@tensorflow/tfjs-backend-cpu');
  }
  setOpsMode('reference');
  if (!(await tf.setBackend(backend))) throw new DeviceError(`the ${backend} backend did not start`);
  const features: string[] = [];
  let reason: string | undefined;
  if (backend === 'wasm') {
    if (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) features.push('simd');
    const started = await startKernels(features.includes('simd'));
    const { threads } = started;
    reason = started.reason;
    if (threads > 1) features.push('threads');
    description = `this processor, ${threads > 1 ? `${threads} threads` : 'one thread'}`;
  }
  return {
    info: {
      backend,
      description,
      software: true,
      features,
      limits: NO_LIMITS,
      ...(reason ? { reason } : {}),
    },
    lost: new Promise(() => undefined),
    close: () => undefined,
  };
}

/** wasm, or plain JavaScript where wasm does not start. */
async function openProcessor(prefer: 'wasm' | 'cpu', wasmPath: string | undefined): Promise<Device> {
  if (prefer === 'cpu') return activateProcessor('cpu', undefined);
  try {
    return await activateProcessor('wasm', wasmPath);
  } catch (error) {
    const device = await activateProcessor('cpu', undefined);
    const reason = `WebAssembly did not start (${error instanceof Error ? error.message : String(error)})`;
    return { ...device, info: { ...device.info, reason } };
  }
}

const withReason = (device: Device, reason: string): Device => ({
  ...device,
  info: { ...device.info, reason: [reason, device.info.reason].filter(Boolean).join('; ') },
});

/** What `fasterOfSoftware` found; a machine does not change while the page is open. */
let verdict: { backend: 'webgpu' | 'wasm'; measured: string } | null = null;

/** Without a real GPU: a short training step on software WebGPU and on wasm, and the faster one stays. */
async function fasterOfSoftware(gpu: OpenGPU, wasmPath: string | undefined): Promise<Device> {
  if (verdict) {
    const opening = verdict.backend === 'webgpu' ? activateGPU(gpu) : openProcessor('wasm', wasmPath);
    if (verdict.backend === 'wasm') gpu.device.destroy();
    return withReason(await opening, `no GPU was found; ${verdict.measured}`);
  }
  const wasm = await openProcessor('wasm', wasmPath);
  const wasmMs = await stepTime();
  const webgpu = await activateGPU(gpu);
  const productsMs = await productsTime();
  // Where the products alone take longer, the other kernels need not be compiled, which takes seconds here.
  const webgpuMs = productsMs > wasmMs ? productsMs : await stepTime();
  const onWasm = `a trial step took ${wasmMs.toFixed(0)} ms with ${wasm.info.backend}`;
  const what = productsMs > wasmMs ? 'its matrix products alone ' : '';
  verdict = {
    backend: webgpuMs <= wasmMs ? 'webgpu' : 'wasm',
    measured: `${onWasm}, ${what}${webgpuMs.toFixed(0)} ms with WebGPU in software`,
  };
  const reason = `no GPU was found; ${verdict.measured}`;
  if (verdict.backend === 'webgpu') return withReason(webgpu, reason);
  webgpu.close();
  return withReason(await openProcessor('wasm', wasmPath), reason);
}

/**
 * Opens a device and makes it tfjs's backend; one at a time. `auto` takes a real GPU, else the faster of
 * software WebGPU and wasm. What is not there falls back from webgpu to wasm to cpu, with the reason in `info`.
 */
export async function openDevice({ prefer, wasmPath, atMost = {} }: DeviceOptions): Promise<Device> {
  // Silences tfjs's advice to install its Node backend, and skips its checks of every nested array.
  tf.enableProdMode();
  if (prefer === 'wasm' || prefer === 'cpu') return openProcessor(prefer, wasmPath);
  const gpu = await openGPU(atMost);
  if (typeof gpu === 'string') return withReason(await openProcessor('wasm', wasmPath), gpu);
  if (gpu.kind === 'software') {
    if (prefer === 'auto') return fasterOfSoftware(gpu, wasmPath);
    return withReason(await activateGPU(gpu), 'no GPU was found; WebGPU runs on the processor');
  }
  return activateGPU(gpu);
}

/**
 * Reads a tensor back as float32. Unlike `data()` it leaves no copy on the processor and no staging buffer in
 * tfjs's pool (154 MB each for the embedding of GPT-2 small).
 */
export async function readTensor(tensor: Tensor): Promise<Float32Array> {
  if (tf.getBackend() !== 'webgpu') return Float32Array.from(await tensor.data());
  const backend = webgpuBackend();
  const source = bufferOf(tensor);
  const size = tensor.size * 4;
  const staging = backend.device.createBuffer({
    size,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder!.copyBufferToBuffer(source, 0, staging, 0, size);
  backend.submitQueue();
  try {
    await staging.mapAsync(GPUMapMode.READ);
    const bytes = staging.getMappedRange().slice(0);
    return tensor.dtype === 'int32' ? Float32Array.from(new Int32Array(bytes)) : new Float32Array(bytes);
  } finally {
    staging.destroy();
  }
}
