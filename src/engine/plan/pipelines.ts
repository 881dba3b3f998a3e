/**
 * Compiles what a recording needs, all at once and off the main path. Finished pipelines go where the eager
 * launcher and tfjs look for theirs, so that no kernel is compiled twice.
 */
import { DeviceError } from '../../errors';
import { compiledPipelines, webgpuBackend } from '../dispatch';
import type { NotedPipeline } from './notes';
import type { Recording } from './recorder';

/** Told the kernels compiled so far and in all. */
export type CompileProgress = (done: number, total: number) => void;

/** The real pipelines of a recording. Throws DeviceError for a kernel that does not compile. */
export async function compilePipelines(
  { commands, tfjsPipelines }: Recording,
  onProgress?: CompileProgress,
): Promise<ReadonlyMap<NotedPipeline, GPUComputePipeline>> {
  const { device, pipelineCache } = webgpuBackend();
  const own = compiledPipelines(device);
  const keys = new Map([...tfjsPipelines].map(([key, pipeline]) => [pipeline, key]));
  const known = (pipeline: NotedPipeline): GPUComputePipeline | undefined => {
    const key = keys.get(pipeline);
    return key === undefined ? own.get(pipeline.label) : pipelineCache[key];
  };
  const needed = new Set(
    commands.flatMap((command) => (command.kind === 'dispatch' ? [command.pipeline] : [])),
  );
  const result = new Map<NotedPipeline, GPUComputePipeline>();
  let done = 0;
  onProgress?.(0, needed.size);
  await Promise.all(
    [...needed].map(async (pipeline) => {
      const compiled = known(pipeline) ?? (await compile(device, pipeline));
      const key = keys.get(pipeline);
      if (key === undefined) own.set(pipeline.label, compiled);
      else pipelineCache[key] = compiled;
      result.set(pipeline, compiled);
      onProgress?.(++done, needed.size);
    }),
  );
  return result;
}

async function compile(
  device: GPUDevice,
  { label, code, entryPoint }: NotedPipeline,
): Promise<GPUComputePipeline> {
  const module = device.createShaderModule({ code, label });
  try {
    return await device.createComputePipelineAsync({
      layout: 'auto',
      label,
      compute: { module, entryPoint },
    });
  } catch (error) {
    throw new DeviceError(
      `the kernel ${label} does not compile on this device (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}
