/** Zero-shot perplexity of any layers of a loaded model on one small fixed text, each set measured once. */
import type { TokenSequence } from '../../data/tokens';
import { perplexityBy } from '../../eval/protocol';
import { flopsPerToken, type GPT2Config } from '../../model/config';
import type { PerplexityReport } from '../protocol';
import { refuseClassifier, type KnownModel } from './models';
import type { Task } from './task';
import type { TextRegistry } from './texts';
import { requireTokenizer } from './vocabulary';

/** Enough for strategies to stand apart, few enough for a second on a small GPU. */
const TOKENS = 4096;
const WINDOW = 128;
/** Without a GPU about 20 seconds of work: all 4,096 tokens for the demo, one window for a GPT-2 small. */
const SOFTWARE_FLOPS = 2e10;

/**
 * How much is measured at once and in all. A model of millions of weights would keep a processor busy for minutes,
 * and a measurement that is not wanted any more ends only between two batches.
 */
export function measuredWindows(config: GPT2Config, software: boolean): { count: number; batchSize: number } {
  const window = Math.min(WINDOW, config.nPositions);
  const count = TOKENS / window;
  const affordable = Math.floor(SOFTWARE_FLOPS / (window * flopsPerToken(config)));
  if (!software || affordable >= count) return { count, batchSize: 8 };
  return { count: Math.max(1, affordable), batchSize: 1 };
}

/**
 * `count` windows spread evenly over a stream, side by side: all parts of a text that is sorted by source, and
 * always the same ones.
 */
export function spreadWindows(ids: TokenSequence, window: number, count: number): Int32Array {
  const available = Math.max(1, Math.min(count, Math.floor(ids.length / window)));
  const last = Math.max(0, ids.length - window);
  const result = new Int32Array(Math.min(ids.length, available * window));
  for (let i = 0; i < available; i++) {
    const start = available === 1 ? 0 : Math.floor((i * last) / (available - 1));
    result.set(ids.slice(start, Math.min(ids.length, start + window)), i * window);
  }
  return result;
}

export interface Measurements {
  measure(model: KnownModel, layers: readonly number[], task: Task): Promise<PerplexityReport>;
  /** Forgets a model that is loaded anew. */
  forget(ref: string): void;
}

/** `software` says whether the device is a processor. */
export function createMeasurements(texts: TextRegistry, software: () => boolean): Measurements {
  const known = new Map<string, PerplexityReport>();
  return {
    async measure(model, layers, task) {
      const key = `${model.card.ref}\n${layers.join(' ')}`;
      const before = known.get(key);
      if (before) return before;
      refuseClassifier(model, 'has no perplexity');
      const tokenizer = requireTokenizer(model.card.name, model.vocabulary);
      const { ids } = await texts.heldOut(tokenizer, task);
      const window = Math.min(WINDOW, model.config.nPositions);
      const view = await model.view(layers, task);
      const { count, batchSize } = measuredWindows(view.config, software());
      const protocol = { window, stride: window, text: 'raw', unit: 'token' } as const;
      const report = await perplexityBy(
        protocol,
        view,
        { ids: spreadWindows(ids, window, count) },
        {
          batchSize,
          signal: task.signal,
          onProgress: (done, total) => task.progress('measuring', done * window, total * window, 'tokens'),
        },
      );
      known.set(key, report);
      return report;
    },
    forget(ref) {
      for (const key of [...known.keys()]) if (key.startsWith(`${ref}\n`)) known.delete(key);
    },
  };
}
