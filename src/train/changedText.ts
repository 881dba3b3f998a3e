/** For readers: what a stage's method does to a row of the text it has just trained on. No step knows of it. */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches';
import { readTensor } from '../engine/device';
import { hostTensor } from '../engine/host';
import { withServingOps } from '../engine/mode';
import type { Step } from '../engine/plan/cache';
import type { StepCost } from '../engine/plan/trace';
import type { LossInputs } from '../methods/method';
import type { Model } from '../model/gpt2';
import { rowLengths } from '../model/heads';
import { frozenView } from '../model/params';
import { randomStream, type RandomStream } from '../random';
import type { StageRun } from './stage';
import type { Task } from './task';

/** Token ids, position by position, and how far apart teacher and student are on each version, in nats. */
export interface ChangedText {
  before: number[];
  after: number[];
  divergenceBefore: number;
  divergenceAfter: number;
}

/** Two or three lines for a reader, and little work beside a step. */
const MOST_TOKENS = 32;

/** The first row of a batch, without its padding, at most `most` tokens. */
export function firstRow({ ids, labels, batch, length }: Batch, most: number, padTokenId?: number): Batch {
  const row = ids.subarray(0, length);
  const filled = padTokenId === undefined ? length : rowLengths(row, 1, padTokenId)[0]!;
  const kept = Math.max(1, Math.min(filled, most));
  // A classifier has one label a row, a language model one a token.
  const perRow = labels.length === batch ? 1 : kept;
  return { ids: row.slice(0, kept), labels: labels.slice(0, perRow), batch: 1, length: kept };
}

/** What a pass is given each time. */
interface Shown {
  batch: Batch;
  random: RandomStream;
}

const scaleOf = ({ labels }: Batch): number =>
  1 /
  Math.max(
    1,
    labels.reduce((count, label) => count + (label === -100 ? 0 : 1), 0),
  );

/** The forward passes behind it, for rows of `shape`; undefined for a method that changes no text. */
function changingPass(run: StageRun, shape: Batch, task: Task): Step<Shown> | undefined {
  const { method, stage, student, teacher } = run;
  const { changedWords } = method;
  if (!changedWords || !teacher) return undefined;
  const runnable = ({ config, params }: Model) => {
    const frozen = { config, params: frozenView(params) };
    return {
      ...frozen,
      run: ((tokens, options) => task.run(frozen, tokens, options)) as LossInputs['models']['student']['run'],
    };
  };
  return (input) => [
    tf.tidy(() => {
      const { tokens, labels } = task.inputs(() => input().batch, shape, student.config);
      const inputs = {
        models: { student: runnable(student), teacher: runnable(teacher) },
        tokens,
        targets: { labels, scale: () => scaleOf(input().batch) },
        share: 1,
        drawn: (size, dtype, draw) => hostTensor(size, dtype, () => draw(input().random)),
        extra: run.extra,
      } as Partial<LossInputs> as LossInputs;
      const { places, words, divergence } = changedWords(inputs, stage.settings);
      // One read-back; ids are far below 2^24.
      return tf.concat1d([tf.cast(places, 'float32'), tf.cast(words, 'float32'), divergence]);
    }),
  ];
}

/** What the passes cost, by `traceOne`, for rows of `length` tokens; nothing where there are none. */
export function costsOfChangedText(
  run: StageRun,
  batch: Batch,
  task: Task,
  traceOne: (pass: () => readonly Tensor[]) => StepCost,
): StepCost[] {
  const row = firstRow(batch, MOST_TOKENS);
  const pass = changingPass(run, row, task);
  if (!pass) return [];
  const shown = { batch: row, random: randomStream(0, 'traced') };
  return [withServingOps(run.student.config, () => traceOne(() => pass(() => shown)))];
}

/** Null for a method that changes no text, and before a stage's first step. */
export async function changedText(run: StageRun, step: number, task: Task): Promise<ChangedText | null> {
  const { method, student, lastBatch } = run;
  if (!method.changedWords || !lastBatch) return null;
  const batch = firstRow(lastBatch, MOST_TOKENS, student.config.classifier?.padTokenId);
  const pass = changingPass(run, batch, task);
  if (!pass) return null;
  const random = randomStream(run.seed, `stage ${run.index} ${method.id} shown at ${step}`);
  const shown = { batch, random };
  // In the room of the stage's plans: op by op its buffers would come on top of what a run needs.
  const key = `changed text ${batch.length} ${batch.labels.length}`;
  const traced = { batch, random: randomStream(run.seed, 'traced') };
  await withServingOps(student.config, () => run.plans.prepare(key, pass, traced));
  const result = withServingOps(student.config, () => run.plans.run(key, pass, shown));
  try {
    return changeOf(batch.ids, await readTensor(result.tensors[0]!));
  } finally {
    result.release();
  }
}

/** `values`: M places, their M new words, two divergences. */
function changeOf(ids: Int32Array, values: Float32Array): ChangedText {
  const count = (values.length - 2) / 2;
  const before = Array.from(ids);
  const after = [...before];
  for (let i = 0; i < count; i++) after[values[i]!] = values[count + i]!;
  return { before, after, divergenceBefore: values[2 * count]!, divergenceAfter: values[2 * count + 1]! };
}
