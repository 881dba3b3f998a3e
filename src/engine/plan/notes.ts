/**
 * A GPU device that only takes notes: buffers are names with a size, pipelines are texts, an encoder writes down
 * its commands. It has the few members that tfjs's backend and our launcher use.
 */
import { PlanError } from '../../errors';
import { memoryKind, type MemoryKind } from '../cost';
import type { HostValues } from '../host';

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

/** What a noting device has noted so far. */
export class Notebook {
  /** Since the last `turn`. */
  commands: Command[] = [];
  /** Buffers that exist now, for instance the weights of a dry run. */
  readonly live = new Set<NotedBuffer>();
  /** Buffers made so far. */
  count = 0;

  /** Opens a new page of commands. */
  turn(): void {
    this.commands = [];
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

  /** Substitutes for device, queue and buffer manager of tfjs's backend. */
  devices(real: GPUDevice) {
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
