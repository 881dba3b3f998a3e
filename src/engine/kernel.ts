/**
 * Kernels by name. A kernel says which buffers it writes and reads, which scalars it takes, and its WGSL body;
 * bindings, the uniform struct and the cache key follow from that. Two different texts can never share a key,
 * because a family's parameters are part of it.
 *
 * In the body: `gid` global id, `lid` local id, `li` local index, `wid` workgroup id, `nwg` number of
 * workgroups (all vec3u but `li`), and `u.<scalar>`; with subgroups `sid`, the index in the subgroup.
 */
export type Element = 'f32' | 'vec2f' | 'vec4f' | 'i32' | 'u32' | 'vec2u' | 'vec4u';
export type ScalarType = 'u32' | 'f32';
/** Optional parts of WGSL; the device must have been opened with the feature (`shader-f16`, `subgroups`). */
export type Extension = 'f16' | 'subgroups';

export interface KernelSpec<B extends string, U extends string> {
  /** Read and written, in binding order. Every buffer must be used in the body (layout: auto drops others). */
  write: Partial<Record<B, Element>>;
  read?: Partial<Record<B, Element>>;
  scalars?: Record<U, ScalarType>;
  workgroupSize: readonly [number, number?, number?];
  enables?: readonly Extension[];
  /** WGSL above the entry point: functions, workgroup variables, constants. */
  helpers?: string;
  main: string;
}

export interface Kernel<B extends string = string, U extends string = string> {
  readonly name: string;
  readonly code: string;
  readonly buffers: readonly B[];
  readonly scalars: readonly (readonly [U, ScalarType])[];
}

function build<B extends string, U extends string>(name: string, spec: KernelSpec<B, U>): Kernel<B, U> {
  const scalars = Object.entries(spec.scalars ?? {}) as [U, ScalarType][];
  const lines = (spec.enables ?? []).map((extension) => `enable ${extension};`);
  const buffers: B[] = [];
  const declare = (record: Partial<Record<B, Element>>, access: string) => {
    for (const [buffer, element] of Object.entries(record) as [B, Element][]) {
      lines.push(
        `@group(0) @binding(${buffers.length}) var<storage, ${access}> ${buffer}: array<${element}>;`,
      );
      buffers.push(buffer);
    }
  };
  declare(spec.write, 'read_write');
  declare(spec.read ?? {}, 'read');
  if (scalars.length > 0) {
    lines.push(`struct Scalars { ${scalars.map(([scalar, type]) => `${scalar}: ${type}`).join(', ')} }`);
    lines.push(`@group(0) @binding(${buffers.length}) var<uniform> u: Scalars;`);
  }
  const subgroups = spec.enables?.includes('subgroups') ?? false;
  const [x, y = 1, z = 1] = spec.workgroupSize;
  const code = `${lines.join('\n')}
${spec.helpers ?? ''}
@compute @workgroup_size(${x}, ${y}, ${z})
fn main(
  @builtin(global_invocation_id) gid: vec3u,
  @builtin(local_invocation_id) lid: vec3u,
  @builtin(local_invocation_index) li: u32,
  @builtin(workgroup_id) wid: vec3u,
  @builtin(num_workgroups) nwg: vec3u,${subgroups ? '\n  @builtin(subgroup_invocation_id) sid: u32,' : ''}
) {
${spec.main}
}`;
  return { name, code, buffers, scalars };
}

/**
 * A kernel with parameters (tile sizes, switches). Calling it with the same parameters gives the same kernel.
 *
 * @example
 * const scale = kernelFamily('Scale', ({ threads }: { threads: number }) => ({
 *   write: { x: 'f32' }, scalars: { size: 'u32', factor: 'f32' }, workgroupSize: [threads],
 *   main: `let i = ${flatIndex(threads)}; if (i < u.size) { x[i] *= u.factor; }` }));
 * launch(scale({ threads: 64 }), { x }, { size, factor }, linearGrid(size, 64));
 */
export function kernelFamily<P extends object, B extends string, U extends string>(
  name: string,
  spec: (parameters: P) => KernelSpec<B, U>,
): (parameters: P) => Kernel<B, U> {
  const kernels = new Map<string, Kernel<B, U>>();
  return (parameters) => {
    const key = `${name}${JSON.stringify(parameters)}`;
    let kernel = kernels.get(key);
    if (!kernel) kernels.set(key, (kernel = build(key, spec(parameters))));
    return kernel;
  };
}

/** WGSL for the index of this thread in a grid made by `linearGrid`. */
export const flatIndex = (threads: number) => `((wid.y * nwg.x + wid.x) * ${threads}u + li)`;

/** Workgroups for `size` threads; the second dimension takes over where the first one's limit of 65535 ends. */
export function linearGrid(size: number, threads: number): [number, number] {
  const groups = Math.ceil(size / threads);
  const x = Math.min(groups, 32768);
  return [x, Math.ceil(groups / x)];
}
