/** Times kernels for a loaded model while the device has nothing else to do (`tuner.ts`). */
import { adapterKey, createTuner, hotProducts, type Tuner, type TuningStore } from '../../engine/tuner';
import type { GPT2Config } from '../../model/config';
import type { Lane } from './lane';

/** Of one visit; what is left over is timed on the next. */
const BUDGET_MS = 20_000;
/** Tokens of a step, about: sizes count to the nearest power of two. */
const TOKENS = 512;

export interface Tuning {
  /** A device was opened: takes over what earlier visits found for its adapter. */
  opened(software: boolean): Promise<void>;
  /** Times what `config` needs, product by product, whenever the lane is free. */
  prepare(config: GPT2Config): void;
  /** A run is about to start: choices stand still from here on. */
  settle(): Promise<void>;
}

export interface TuningOptions {
  /** Absent: nothing is timed. */
  store: TuningStore | undefined;
  /** A run waits for the timing instead of cutting it short. */
  first: boolean;
  lane: Lane;
  /** A run exists, even a paused one: its kernels stay as they are. */
  busy: () => boolean;
}

export function createTuning({ store, first, lane, busy }: TuningOptions): Tuning {
  let tuner: Tuner | undefined;
  let stop = new AbortController();
  let work: Promise<void> = Promise.resolve();

  async function timeAll(config: GPT2Config, own: Tuner, signal: AbortSignal): Promise<void> {
    const products = hotProducts({
      tokens: TOKENS,
      length: Math.min(config.nPositions, TOKENS),
      width: config.nEmbd,
      heads: config.nHead,
      vocabulary: config.vocabSize,
    });
    // One at a time, so that a command waits for one at most.
    while (await lane.run(async () => !busy() && (await own.next(products, signal)))) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  return {
    async opened(software) {
      stop.abort();
      tuner = undefined;
      if (!store || software) return;
      tuner = createTuner({ store, key: adapterKey() }, BUDGET_MS);
      // Timing is a courtesy: without the store, with a full disk or a lost device the usual choices stay.
      await tuner.load().catch(() => undefined);
    },
    prepare(config) {
      if (!tuner || busy()) return;
      stop.abort();
      stop = new AbortController();
      work = timeAll(config, tuner, stop.signal).catch(() => undefined);
    },
    async settle() {
      if (!first) stop.abort();
      await work;
    },
  };
}
