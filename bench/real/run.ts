/** What is run, in Node and on the page alike: a recipe of a few distillation steps, and what is noted of it. */
import type { Event } from '../../src/worker/protocol';

export const REPOSITORY = 'bench/gpt2';
export const KEPT = [0, 2, 4, 7, 9, 11];

/** B1 T128; the evaluations before and after are cut to one window, since this is no place for a long one. */
export const recipe = (steps: number) => ({
  version: 1 as const,
  seed: 1,
  teacher: { model: `hf:${REPOSITORY}` },
  selection: { layers: KEPT },
  data: { train: 'demo', validation: 'demo', contextLength: 128 },
  stages: [
    {
      method: 'vanilla-kd',
      steps,
      batchSize: 1,
      optimizer: { learningRate: 5e-4, warmupSteps: 0, schedule: 'constant' as const },
    },
  ],
  evaluation: { every: 0, window: 128, stride: 128, maxTokens: 127, prompt: '' },
});

/** Steps of a run on one of the two places, with what came before them. */
export interface RealRun {
  where: string;
  /** Listing, header and tokenizer. */
  openSeconds: number;
  /** Most that was held meanwhile beside the tensors, over the idle session. */
  openBesideBytes: Record<string, number>;
  /** From asking for the weights to the last one on the device. */
  loadSeconds: number;
  /** Of the weights' file, as the server counts them. */
  loadedBytes: number;
  /** Most that was held meanwhile beside the tensors, over what was held before. */
  loadBesideBytes: Record<string, number>;
  /** The kept blocks as a student of their own, from what is on the device. */
  truncateSeconds: number;
  perplexityBefore: number;
  perplexityAfter: number;
  steps: { loss: number; seconds: number; processorSeconds: number }[];
  /** While training. */
  trainBytes: Record<string, number>;
  [more: string]: unknown;
}

/** Moments of a run, by the events that tell of them. */
export type Moment = 'weights' | 'student';

export function momentOf(event: Event): Moment | undefined {
  if (event.type !== 'progress' || event.done < event.total) return undefined;
  if (event.what === 'reading weights') return 'weights';
  if (event.what === 'reading the student') return 'student';
  return undefined;
}
