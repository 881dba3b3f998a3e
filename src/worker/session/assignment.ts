/** What a run learns and how its models are measured: text and perplexity, or labelled rows and a task's metrics. */
import { trainingBatches, type BatchIterator } from '../../data/batches';
import type { EncodedExamples } from '../../data/examples';
import { rowBatches } from '../../data/rowBatches';
import type { LabelledTask } from '../../data/tasks';
import type { PlanCache } from '../../engine/plan/cache';
import { evaluateClassifier } from '../../eval/classify';
import { perplexityBy, textForProtocol, type ProtocolText } from '../../eval/protocol';
import { sampleText } from '../../eval/samples';
import type { Model } from '../../model/gpt2';
import type { TaskData, TextData } from '../../recipe/data';
import { taskKey } from '../../recipe/pipeline';
import type { Recipe, Stage } from '../../recipe/recipe';
import { classification } from '../../train/classification';
import { languageModelling, type Task as TrainingTask } from '../../train/task';
import type { Event, MeasuredPoint, PerplexityReport, RunResult, Sample, TaskReport } from '../protocol';
import type { TaskHead } from './pupil';
import type { TokenisedText } from './texts';

export interface MeasureOptions {
  signal: AbortSignal;
  plans?: PlanCache;
}

/** `R` is what a measurement finds. */
export interface Assignment<R extends { loss: number } = PerplexityReport | TaskReport> {
  readonly task: TrainingTask;
  /** Absent where the models are language models. */
  readonly head?: TaskHead;
  /** Measurements of teachers are kept by this object: the same text or rows, the same results. */
  readonly measuredOn: object;
  /** What was taken out of the text. */
  readonly cleaning?: RunResult['cleaning'];
  /** The batches of a stage, from its start. */
  batches(stage: Stage, index: number): BatchIterator;
  measure(model: Model, options: MeasureOptions): Promise<R>;
  /** The findings as an event. */
  event(point: MeasuredPoint, found: R): Event;
  /** What the student says, where the recipe asks for a sample. */
  sample?(student: Model, plans: PlanCache): Promise<Omit<Sample, 'step'>>;
}

export function languageAssignment(
  recipe: Recipe,
  data: TextData,
  text: TokenisedText,
): Assignment<PerplexityReport> {
  const { evaluation, seed } = recipe;
  const { prompt, maxTokens } = evaluation;
  // Made when first measured: a text that is not scored as it came is decoded and encoded again.
  let scored: ProtocolText | undefined;
  return {
    task: languageModelling,
    measuredOn: text.validation,
    ...(text.cleaning && { cleaning: text.cleaning }),
    batches: (stage, index) =>
      trainingBatches(text.train, {
        batchSize: stage.batchSize,
        contextLength: data.contextLength,
        // Another order for every stage, and the seed's own for the first.
        seed: seed + index,
      }),
    async measure(model, options) {
      scored ??= textForProtocol(text.validation.ids, text.tokenizer, evaluation, maxTokens);
      return perplexityBy(evaluation, model, scored, { maxTokens, ...options });
    },
    event: (point, found) => ({ type: 'eval', ...point, ...found }),
    ...(prompt !== '' && {
      sample: (student: Model, plans: PlanCache) =>
        sampleText(student, text.tokenizer, prompt, { seed, plans }),
    }),
  };
}

/** Rows of a task for one tokenizer. */
export interface EncodedTask {
  task: LabelledTask;
  train: EncodedExamples;
  validation: EncodedExamples;
  /** MNLI's second validation set. */
  mismatched?: EncodedExamples;
}

export function taskAssignment(
  recipe: Recipe,
  data: TaskData,
  { task, train, validation, mismatched }: EncodedTask,
  padTokenId: number,
): Assignment<TaskReport> {
  const measureOn = async (model: Model, rows: EncodedExamples, options: MeasureOptions) => {
    const { predictions: _, ...report } = await evaluateClassifier(model, rows, task.metrics, options);
    return report;
  };
  return {
    task: classification,
    head: { key: taskKey(data), classifier: { labels: task.classes, padTokenId } },
    measuredOn: validation,
    batches: (stage, index) =>
      rowBatches(train.rows, {
        batchSize: stage.batchSize,
        maxLength: data.maxLength,
        padTokenId,
        seed: recipe.seed + index,
      }),
    async measure(model, options) {
      const report: TaskReport = { task: task.id, ...(await measureOn(model, validation, options)) };
      if (!mismatched) return report;
      const { metrics } = await measureOn(model, mismatched, options);
      const renamed = Object.entries(metrics).map(([name, value]) => [`${name}Mismatched`, value] as const);
      return { ...report, metrics: { ...report.metrics, ...Object.fromEntries(renamed) } };
    },
    event: (point, found) => ({ type: 'scores', ...point, ...found }),
  };
}
