/**
 * Records what a step would do on the GPU without doing it. While a step is recorded, tfjs's backend stands on a
 * device that only takes notes: buffers are names with a size, pipelines are texts, an encoder writes down its
 * commands. tfjs's ops and our own launches go through the same few members, so neither knows of it.
 *
 * Buffers that were there before stay what they are. What the step makes is transient, unless the host fills it
 * (`hostTensor`) or it was uploaded with values, which makes it a constant.
 */
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { PlanError } from '../../errors';
import { memoryKind, type MemoryKind } from '../cost';
import { webgpuBackend } from '../dispatch';
import { readHostValues, setTraceListener, type HostValues } from '../host';

/** A buffer that exists only in a recording. */
export interface NotedBuffer {
  readonly size: number;
  readonly usage: number;
  readonly kind: MemoryKind;
  /** Counted over the recorder's life, so that what was made before a trace is told from what it makes. */
  readonly index: number;
  /** Uploaded with these values, and never written again. */
  data: ArrayBuffer | null;
  /** Filled by the host before every replay. */
  read: (() => HostValues) | null;
  released: boolean;
}

/** A pipeline to be compiled. */
export interface NotedPipeline {
  readonly label: string;
  readonly code: string;
  readonly entryPoint: string;
  /** Whether the kernel writes a binding, by its number. */
  readonly writes: readonly boolean[];
}

export interface NotedBinding {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  /** Bytes; the whole buffer from `offset` on where absent. */
  readonly size: number | undefined;
}

export type Command =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: NotedPipeline;
      readonly bindings: readonly NotedBinding[];
      readonly grid: readonly [number, number, number];
      /** May run before commands that it does not depend on, because it frees memory. */
      readonly early: boolean;
    }
  | {
      readonly kind: 'copy';
      readonly source: GPUBuffer;
      readonly sourceOffset: number;
      readonly target: GPUBuffer;
      readonly targetOffset: number;
      readonly size: number;
    };

const noted = new WeakMap<object, NotedBuffer>();

/** What is known of a buffer of a recording; undefined for a real one. */
export const notedBuffer = (buffer: GPUBuffer): NotedBuffer | undefined => noted.get(buffer);

let early = false;

/** Commands recorded by `f` run in a plan as early as what they depend on allows (the update of a weight). */
export function asEarlyAsPossible<T>(f: () => T): T {
  const before = early;
  early = true;
  try {
    return f();
  } finally {
    early = before;
  }
}

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var(?:<storage,\s*(read_write|read)>)?/g;

/** Which bindings a kernel writes, from its text. */
function writtenBindings(code: string): boolean[] {
  const writes: boolean[] = [];
  for (const [, binding, access] of code.matchAll(BINDING)) writes[Number(binding)] = access === 'read_write';
  return writes;
}

interface BackendState {
  device: unknown;
  queue: unknown;
  bufferManager: unknown;
  pipelineCache: Record<string, unknown>;
  commandEncoder: unknown;
  computePassEncoder: unknown;
  commandQueueOwnedIds: WeakSet<object>;
  tensorDataPendingDisposal: object[];
  uniformPendingDisposal: unknown[];
  stagingPendingDisposal: unknown[];
  dispatchCountInPass: number;
  tensorMap: { get(id: object): { resource: GPUBuffer | null; values: unknown } };
  makeTensorInfo(shape: readonly number[], dtype: DataType): TensorInfo;
  disposeData(id: object): boolean;
  uploadToGPU(id: object): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

const SWAPPED = [
  'device',
  'queue',
  'bufferManager',
  'pipelineCache',
  'commandEncoder',
  'computePassEncoder',
  'commandQueueOwnedIds',
  'tensorDataPendingDisposal',
  'uniformPendingDisposal',
  'stagingPendingDisposal',
  'dispatchCountInPass',
] as const;

/** Everything that a recording holds; the commands in the order in which the step gave them. */
export interface Recording {
  readonly commands: readonly Command[];
  /** Tensors from before the step that it writes in place. */
  readonly written: readonly TensorInfo[];
  /** Pipelines of tfjs's own kernels, by tfjs's key. */
  readonly tfjsPipelines: ReadonlyMap<string, NotedPipeline>;
  /** Where the step's buffers begin in the count of `NotedBuffer.index`. */
  readonly first: number;
}

export class Recorder {
  private commands: Command[] = [];
  private written = new Map<object, TensorInfo>();
  private count = 0;
  private live = new Set<NotedBuffer>();
  private saved: Pick<BackendState, (typeof SWAPPED)[number]> | null = null;
  private firstId = 0;
  private readonly backend = webgpuBackend() as unknown as BackendState;

  /** Puts the note-taking device in place. What tfjs had recorded before is submitted first. */
  enter(): void {
    const { backend } = this;
    if (backend.commandEncoder) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    const mark = backend.makeTensorInfo([], 'float32');
    this.firstId = (mark.dataId as { id: number }).id;
    backend.disposeData(mark.dataId);
    this.saved = Object.fromEntries(SWAPPED.map((name) => [name, backend[name]])) as Pick<
      BackendState,
      (typeof SWAPPED)[number]
    >;
    Object.assign(backend, {
      ...this.notingDevice(this.saved.device as GPUDevice),
      pipelineCache: {},
      commandEncoder: null,
      computePassEncoder: null,
      commandQueueOwnedIds: new WeakSet(),
      tensorDataPendingDisposal: [],
      uniformPendingDisposal: [],
      stagingPendingDisposal: [],
      dispatchCountInPass: 0,
    });
    const upload = Object.getPrototypeOf(backend) as { uploadToGPU(id: object): void };
    backend.uploadToGPU = (id) => {
      // A tensor from before whose values tfjs has not uploaded yet: it must not end on a noted buffer.
      const isOlder = (id as { id: number }).id < this.firstId;
      if (isOlder && !backend.tensorMap.get(id).resource)
        this.onRealDevice(() => upload.uploadToGPU.call(backend, id));
      else upload.uploadToGPU.call(backend, id);
    };
    setTraceListener({
      hostTensor: (shape, dtype, read) => this.hostTensor(shape, dtype, read),
      written: (info) => {
        if ((info.dataId as { id: number }).id < this.firstId) this.written.set(info.dataId, info);
      },
    });
  }

  /** Puts the real device back. Safe to call twice. */
  leave(): void {
    const { backend, saved } = this;
    if (!saved) return;
    this.flush();
    setTraceListener(null);
    delete (backend as Partial<BackendState>).uploadToGPU;
    Object.assign(backend, saved);
    this.saved = null;
  }

  /**
   * Records one step between `enter` and `leave`; `f` returns the tensors that outlive it. Throws PlanError when
   * the step keeps others.
   */
  record(f: () => readonly Tensor[]): { recording: Recording; outputs: readonly Tensor[] } {
    const { backend } = this;
    // An encoder that is open from before would write what it copies into the commands of that time.
    this.flush();
    const first = this.count;
    this.commands = [];
    this.written = new Map();
    const outputs = f();
    this.flush();
    const kept = new Set(outputs.map(({ dataId }) => noted.get(backend.tensorMap.get(dataId).resource!)));
    const leaked = [...this.live].filter(
      (buffer) => buffer.index >= first && !buffer.data && !kept.has(buffer),
    );
    if (leaked.length > 0) {
      throw new PlanError(
        `a step kept ${leaked.length} tensors (${leaked.reduce((sum, { size }) => sum + size, 0)} bytes) that it made, so it cannot be replayed`,
      );
    }
    const tfjsPipelines = new Map(Object.entries(backend.pipelineCache as Record<string, NotedPipeline>));
    const recording = { commands: this.commands, written: [...this.written.values()], tfjsPipelines, first };
    return { recording, outputs };
  }

  /** Bytes of the noted buffers that exist now, by what they are for. */
  bytes(): Partial<Record<MemoryKind, number>> {
    this.flush();
    const bytes: Partial<Record<MemoryKind, number>> = {};
    for (const { kind, size } of this.live) bytes[kind] = (bytes[kind] ?? 0) + size;
    return bytes;
  }

  /** Ends what is being recorded, so that tensors disposed meanwhile are gone. */
  private flush(): void {
    const { backend } = this;
    backend.endComputePassEncoder();
    if (backend.commandEncoder) backend.submitQueue();
  }

  private onRealDevice(f: () => void): void {
    const { backend } = this;
    const now = Object.fromEntries(SWAPPED.map((name) => [name, backend[name]]));
    Object.assign(backend, this.saved);
    try {
      f();
    } finally {
      for (const name of SWAPPED) this.saved = { ...this.saved!, [name]: backend[name] };
      Object.assign(backend, now);
    }
  }

  private makeBuffer({ size, usage, mappedAtCreation = false }: GPUBufferDescriptor): GPUBuffer {
    const note: NotedBuffer = {
      size,
      usage,
      kind: memoryKind(),
      index: this.count++,
      data: mappedAtCreation ? new ArrayBuffer(size) : null,
      read: null,
      released: false,
    };
    const fixed = (value: unknown) => ({ value, configurable: true });
    // tfjs asks `instanceof GPUBuffer`.
    const buffer = Object.create(GPUBuffer.prototype, {
      size: fixed(size),
      usage: fixed(usage),
      mapState: fixed(mappedAtCreation ? 'mapped' : 'unmapped'),
      getMappedRange: fixed(() => note.data),
      unmap: fixed(() => undefined),
      destroy: fixed(() => this.live.delete(note)),
    }) as GPUBuffer;
    noted.set(buffer, note);
    this.live.add(note);
    return buffer;
  }

  private hostTensor(
    shape: readonly number[],
    dtype: 'float32' | 'int32',
    read: () => HostValues,
  ): TensorInfo {
    const info = this.backend.makeTensorInfo(shape, dtype);
    this.backend.uploadToGPU(info.dataId);
    const size = shape.reduce((product, n) => product * n, 1);
    noted.get(this.backend.tensorMap.get(info.dataId).resource!)!.read = () => readHostValues(read, size);
    return info;
  }

  private notingDevice(real: GPUDevice) {
    const makePipeline = ({ label = '', compute }: GPUComputePipelineDescriptor) => {
      const { code } = compute.module as unknown as { code: string };
      const pipeline = {
        label,
        code,
        entryPoint: compute.entryPoint ?? 'main',
        writes: writtenBindings(code),
        getBindGroupLayout: () => pipeline,
      };
      return pipeline;
    };
    const queue = {
      submit: () => undefined,
      writeBuffer: (
        buffer: GPUBuffer,
        offset: number,
        values: ArrayBuffer | ArrayBufferView,
        from = 0,
        size?: number,
      ) => {
        const note = noted.get(buffer);
        if (!note)
          throw new PlanError('a step writes values of the host into a tensor from before; use hostTensor');
        const bytes = ArrayBuffer.isView(values)
          ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
          : new Uint8Array(values).subarray(from, size === undefined ? undefined : from + size);
        note.data ??= new ArrayBuffer(note.size);
        new Uint8Array(note.data).set(bytes, offset);
      },
    };
    const device = {
      limits: real.limits,
      features: real.features,
      queue,
      createBuffer: (descriptor: GPUBufferDescriptor) => this.makeBuffer(descriptor),
      createShaderModule: ({ code }: GPUShaderModuleDescriptor) => ({ code }),
      createComputePipeline: makePipeline,
      createBindGroup: ({ layout, entries }: { layout: unknown; entries: Iterable<GPUBindGroupEntry> }) => ({
        layout,
        entries,
      }),
      createCommandEncoder: () => this.notingEncoder(),
    };
    const bufferManager = {
      acquireBuffer: (size: number, usage: number, mappedAtCreation = false) =>
        this.makeBuffer({ size, usage, mappedAtCreation }),
      releaseBuffer: (buffer: GPUBuffer) => {
        const note = noted.get(buffer);
        if (!note) throw new PlanError('a step gives back a tensor that was made before it');
        note.released = true;
        this.live.delete(note);
      },
      numBytesUsed: 0,
      numBytesAllocated: 0,
    };
    return { device, queue, bufferManager };
  }

  private notingEncoder() {
    const { commands } = this;
    const beginComputePass = () => {
      let pipeline: NotedPipeline;
      let bindings: NotedBinding[];
      return {
        setPipeline: (next: NotedPipeline) => void (pipeline = next),
        setBindGroup: (_: number, group: { entries: GPUBindGroupEntry[] }) => {
          bindings = [];
          for (const { binding, resource } of group.entries) {
            const { buffer, offset = 0, size } = resource as GPUBufferBinding;
            bindings[binding] = { buffer, offset, size };
          }
        },
        dispatchWorkgroups: (x: number, y = 1, z = 1) =>
          void this.commands.push({ kind: 'dispatch', pipeline, bindings, grid: [x, y, z], early }),
        end: () => undefined,
      };
    };
    return {
      beginComputePass,
      copyBufferToBuffer: (
        source: GPUBuffer,
        sourceOffset: number,
        target: GPUBuffer,
        targetOffset: number,
        size: number,
      ) => void this.commands.push({ kind: 'copy', source, sourceOffset, target, targetOffset, size }),
      finish: () => commands,
    };
  }
}

/** The GPU buffer of a tensor, real or noted. */
export const resourceOf = (tensor: Tensor): GPUBuffer =>
  (webgpuBackend() as unknown as BackendState).tensorMap.get(tensor.dataId).resource!;
