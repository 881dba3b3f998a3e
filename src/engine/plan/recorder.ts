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
import type { MemoryKind } from '../cost';
import { webgpuBackend } from '../dispatch';
import { readHostValues, setTraceListener, type HostValues } from '../host';
import { Notebook, notedBuffer, type Command, type NotedPipeline } from './notes';
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
  private written = new Map<object, TensorInfo>();
  private readonly notebook = new Notebook();
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
      ...this.notebook.devices(this.saved.device as GPUDevice),
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
    const first = this.notebook.count;
    this.notebook.turn();
    this.written = new Map();
    const outputs = f();
    this.flush();
    const kept = new Set(outputs.map(({ dataId }) => notedBuffer(backend.tensorMap.get(dataId).resource!)));
    const leaked = [...this.notebook.live].filter(
      (buffer) => buffer.index >= first && !buffer.data && !kept.has(buffer),
    );
    if (leaked.length > 0) {
      throw new PlanError(
        `a step kept ${leaked.length} tensors (${leaked.reduce((sum, { size }) => sum + size, 0)} bytes) that it made, so it cannot be replayed`,
      );
    }
    const tfjsPipelines = new Map(Object.entries(backend.pipelineCache as Record<string, NotedPipeline>));
    const recording = {
      commands: this.notebook.commands,
      written: [...this.written.values()],
      tfjsPipelines,
      first,
    };
    return { recording, outputs };
  }

  /** Bytes of the noted buffers that exist now, by what they are for. */
  bytes(): Partial<Record<MemoryKind, number>> {
    this.flush();
    const bytes: Partial<Record<MemoryKind, number>> = {};
    for (const { kind, size } of this.notebook.live) bytes[kind] = (bytes[kind] ?? 0) + size;
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

  private hostTensor(
    shape: readonly number[],
    dtype: 'float32' | 'int32',
    read: () => HostValues,
  ): TensorInfo {
    const info = this.backend.makeTensorInfo(shape, dtype);
    this.backend.uploadToGPU(info.dataId);
    const size = shape.reduce((product, n) => product * n, 1);
    notedBuffer(this.backend.tensorMap.get(info.dataId).resource!)!.read = () => readHostValues(read, size);
    return info;
  }
}

/** The GPU buffer of a tensor, real or noted. */
export const resourceOf = (tensor: Tensor): GPUBuffer =>
  (webgpuBackend() as unknown as BackendState).tensorMap.get(tensor.dataId).resource!;
