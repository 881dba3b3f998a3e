/**
 * A copy of the student's weights on the device from a moment when its loss was sound, to go back to when
 * training breaks down. On the GPU it is refreshed in its own buffers and put back without a way through the
 * processor; elsewhere tensor by tensor, so that at most one tensor is held three times.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { readTensor } from '../engine/device';
import { allocate, copyTensor, wrap } from '../engine/dispatch';
import { writeParameter } from '../engine/parameter';
import type { GPT2Params } from '../model/params';

export interface GoodWeights {
  /** Steps done when the copy was taken. */
  readonly step: number;
  /** Takes a new copy. */
  keep(step: number): void;
  /** Puts the copy back into the model. */
  restore(): Promise<void>;
  dispose(): void;
}

/** Starts with a copy of the weights as they are. */
export function keepGoodWeights(params: GPT2Params, step: number): GoodWeights {
  const copies = new Map<string, Tensor>();
  const onGPU = tf.getBackend() === 'webgpu';
  const refresh = (name: string, value: Tensor) => {
    if (onGPU) {
      const copy = copies.get(name) ?? tf.keep(wrap(allocate(value.shape)));
      copies.set(name, copy);
      copyTensor(value, copy);
      return;
    }
    copies.get(name)?.dispose();
    // A product, not a clone: a clone would share the values that the optimiser replaces.
    copies.set(
      name,
      tf.tidy(() => tf.keep(tf.mul(value, 1))),
    );
  };
  const good = {
    step,
    keep(step: number) {
      for (const [name, { value }] of Object.entries(params)) refresh(name, value);
      good.step = step;
    },
    async restore() {
      for (const [name, parameter] of Object.entries(params)) {
        const copy = copies.get(name)!;
        if (onGPU) copyTensor(copy, parameter.value);
        else writeParameter(parameter, Float32Array.from(await readTensor(copy)));
      }
    },
    dispose() {
      for (const copy of copies.values()) copy.dispose();
      copies.clear();
    },
  };
  good.keep(step);
  return good;
}
