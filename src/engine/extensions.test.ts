/**
 * Kernels that the software adapter cannot run (float16) or runs in one size only (subgroups), compiled by Dawn's
 * backend that executes nothing: their text is valid WGSL and fits a device. What they compute is not tested by this;
 * the float32 kernels from the same text are.
 */
import { create, globals } from 'webgpu';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kernel } from './kernel';
import type { Layout, MatmulParameters } from './ops/matmul.interface';
import { sharedKernel, splitKernel } from './ops/matmul.shared';
import { subgroupForm } from './ops/matmul.subgroup';
import { tileBytes } from './ops/matmul.tile';
import { TILES } from './variants';

let device: GPUDevice;
// The native object goes with its last reference, and its devices with it.
let gpu: GPU;

beforeAll(async () => {
  Object.assign(globalThis, globals);
  gpu = create(['backend=null']);
  const adapter = await gpu.requestAdapter();
  device = await adapter!.requestDevice({ requiredFeatures: ['shader-f16', 'subgroups'] });
});
afterAll(() => device.destroy());

async function compile({ name, code }: Kernel): Promise<void> {
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  expect(
    messages.map(({ lineNum, message }) => `${name}:${lineNum}: ${message}`),
    code,
  ).toEqual([]);
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}

const parameters = (layout: Layout): MatmulParameters => ({
  layout,
  activation: 'gelu_new',
  padded: false,
  packed: layout === 'nt',
  bias: true,
  preActivation: layout === 'nn',
  residual: layout === 'nn',
  accumulate: true,
  columnSums: layout === 'tn',
  accumulateSums: layout === 'tn',
});

const LAYOUTS = ['nn', 'nt', 'tn'] as const;

test('float16 tiles of every size and layout compile, in one pass and in parts', async () => {
  for (const layout of LAYOUTS)
    for (const sizes of Object.values(TILES))
      for (const stages of [1, 2] as const) {
        const tile = { ...sizes, stages, half: true };
        if (tileBytes(tile, layout) > device.limits.maxComputeWorkgroupStorageSize) continue;
        const p = parameters(layout);
        await compile(sharedKernel({ ...p, tile }));
        await compile(splitKernel({ layout, packed: p.packed, columnSums: p.columnSums, tile }));
      }
});

test.each([4, 8, 16, 32, 64])('the product for subgroups of %i compiles', async (lanes) => {
  await compile(subgroupForm(parameters('nn'), lanes).kernel);
  await compile(subgroupForm(parameters('tn'), lanes).kernel);
});
