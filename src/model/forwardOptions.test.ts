import '@tensorflow/tfjs-backend-cpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDevice, type Device } from '../engine/device';
import { installWasm } from '../engine/wasm.node';
import {
  checkForwardOptions,
  expectClosely,
  lossAndGradients,
  type RunResult,
} from '../testing/forwardOptionChecks';

const dropout = { rate: 0.3, seed: 5 };
let onCpu: RunResult | undefined;

describe.each(['cpu', 'wasm'] as const)('GPT-2 with dropout and recompute on %s', (backend) => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ prefer: backend, wasmPath: installWasm() });
  });
  afterAll(() => device.close());

  checkForwardOptions();

  test('every backend drops the same', async () => {
    const result = await lossAndGradients({ dropout });
    expectClosely(result, (onCpu ??= result));
    expect(Object.keys(result.gradients).length).toBeGreaterThan(20);
  });
});
