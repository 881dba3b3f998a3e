import { afterEach, expect, test, vi } from 'vitest';
import { webgpuBackend } from '../engine/dispatch';
import { bindingLimit, setBindingLimit } from '../engine/ranges';
import { disposeParams } from '../model/params';
import { useTestDevice } from '../testing/gpu';
import { tinyStudent, tinyTeacher } from '../testing/tinyGpt2';
import { cycle, randomBatches, runTraining, trainingRecipe } from '../testing/training';

useTestDevice();

// The embedding has 64 KiB: three uneven parts of its rows, four of its elements. Everything else fits.
const LIMIT = 24 * 1024;
const STEPS = 4;

let before: number;
afterEach(() => {
  setBindingLimit(before);
  vi.restoreAllMocks();
});

/** Losses and the largest binding of a short training. */
async function trained(method: string, limit: number | null) {
  before = bindingLimit();
  if (limit !== null) setBindingLimit(limit);
  const { device } = webgpuBackend();
  let largest = 0;
  const bind = device.createBindGroup.bind(device);
  const spy = vi.spyOn(device, 'createBindGroup').mockImplementation((descriptor) => {
    for (const { resource } of descriptor.entries) {
      const { buffer, offset = 0, size } = resource as GPUBufferBinding;
      largest = Math.max(largest, size ?? buffer.size - offset);
    }
    return bind(descriptor);
  });
  const [student, teacher] = [tinyStudent(), tinyTeacher()];
  const batches = randomBatches(2, 2, 16, student.config.vocabSize);
  const { steps } = await runTraining({
    recipe: trainingRecipe([{ method, steps: STEPS, batchSize: 2, gradAccumSteps: 2 }]),
    batches: () => cycle(batches),
    student,
    teacher,
  });
  [student, teacher].forEach(({ params }) => disposeParams(params));
  setBindingLimit(before);
  spy.mockRestore();
  return { losses: steps.map(({ loss }) => loss), largest };
}

test.each(['fine-tune', 'vanilla-kd'])(
  '%s on a device that binds less than the embedding at once gives the same losses',
  async (method) => {
    const whole = await trained(method, null);
    const parts = await trained(method, LIMIT);
    expect(whole.largest).toBeGreaterThanOrEqual(64 * 1024);
    expect(parts.largest).toBeLessThanOrEqual(LIMIT);
    expect(parts.losses).toHaveLength(STEPS);
    // The gradient of the hidden states is added up part by part, so the last digits differ.
    parts.losses.forEach((loss, i) => expect(Math.abs(loss / whole.losses[i]! - 1)).toBeLessThan(1e-5));
  },
);
