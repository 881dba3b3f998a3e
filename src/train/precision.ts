/** The arithmetic of a run's matrix products: float32, or float16 while it trains (weights and sums stay float32). */
import { kernelsServe, usesKernels } from '../engine/mode';
import { computePrecision, setComputePrecision } from '../engine/variants';
import { DeviceError } from '../errors';
import type { GPT2Config } from '../model/config';
import type { Recipe } from '../recipe/recipe';

/**
 * Computes in this precision until the returned function is called. Throws DeviceError where the device cannot, or
 * where its kernels do not serve the model.
 */
export function enterPrecision(precision: Recipe['precision'], config: GPT2Config): () => void {
  if (precision === 'f32') return () => undefined;
  if (!usesKernels() || !kernelsServe(config)) {
    throw new DeviceError('this device does not compute in float16', 'Set the precision to f32.');
  }
  setComputePrecision(precision);
  return () => setComputePrecision('f32');
}

/** Runs `f` in float32: what is measured must not depend on how it was trained. */
export async function inFloat32<T>(f: () => Promise<T>): Promise<T> {
  const before = computePrecision();
  if (before === 'f32') return f();
  setComputePrecision('f32');
  try {
    return await f();
  } finally {
    setComputePrecision(before);
  }
}
