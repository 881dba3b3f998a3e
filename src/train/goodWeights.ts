/**
 * A copy of the student's weights on the device from a moment when its loss was sound, to go back to when
 * training breaks down. The copies are refreshed in turn, so that at most one tensor is held twice.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { GPT2Params } from '../model/params';

export interface GoodWeights {
  /** Steps done when the copy was taken. */
  readonly step: number;
  /** Takes a new copy. */
  keep(step: number): void;
  /** Puts the copy back into the model. */
  restore(): void;
  dispose(): void;
}

export function keepGoodWeights(params: GPT2Params): GoodWeights {
  const copies = new Map<string, Tensor>();
  const good = {
    step: 0,
    keep(step: number) {
      for (const [name, { value }] of Object.entries(params)) {
        copies.get(name)?.dispose();
        // A product, not a clone: a clone shares the buffer that the optimiser writes into.
        copies.set(
          name,
          tf.tidy(() => tf.keep(tf.mul(value, 1))),
        );
      }
      good.step = step;
    },
    restore() {
      for (const [name, { value }] of Object.entries(params)) value.assign(copies.get(name)!);
    },
    dispose() {
      for (const copy of copies.values()) copy.dispose();
      copies.clear();
    },
  };
  good.keep(0);
  return good;
}
