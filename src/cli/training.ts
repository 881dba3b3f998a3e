/** One training run of the command line: its folder with metrics, and the result. */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from '../recipe/recipe';
import type { Client } from '../worker/client';
import { validationSets } from '../recipe/pipeline';
import type {
  Event,
  MeasuredPoint,
  PerplexityReport,
  RunResult,
  Sample,
  TaskReport,
} from '../worker/protocol';
import type { Output } from './output';
import { writeJson } from './write';

/** A line of `metrics.jsonl`. */
export type MetricsLine =
  | { type: 'step'; stage: number; step: number; loss: number; [field: string]: unknown }
  | ({ type: 'eval' } & Omit<MeasuredPoint, 'runId'> & (PerplexityReport | TaskReport))
  | ({ type: 'sample' } & Sample);

/** What earlier runs of a folder left, up to a step. */
async function linesUpTo(path: string, step: number): Promise<MetricsLine[]> {
  if (!existsSync(path)) return [];
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  const known: MetricsLine[] = [];
  for (const line of lines) {
    try {
      known.push(JSON.parse(line) as MetricsLine);
    } catch {
      // A line that a killed process left half written.
    }
  }
  return known.filter((line) => line.step <= step);
}

function metricsOf(event: Event): MetricsLine[] {
  if (event.type === 'steps') return event.steps.map(({ runId: _, ...step }) => ({ type: 'step', ...step }));
  if (event.type === 'scores') {
    const { runId: _, ...line } = event;
    return [{ ...line, type: 'eval' }];
  }
  if (event.type === 'eval' || event.type === 'sample') {
    const { runId: _, ...line } = event;
    return [line];
  }
  return [];
}

export interface TrainingRequest {
  client: Client;
  out: Output;
  folder: string;
  runId: string;
  recipe: Recipe;
  reportEvery: number;
  snapshotEvery?: number;
  /** Step of the snapshot to go on from; absent: from the start. */
  resumeFrom?: number;
  /** Measure the whole teacher too, once for all runs of a session. */
  measureTeacher?: boolean;
}

export interface TrainingOutcome {
  result: RunResult;
  /** Measured before training: now, or when the resumed run began. */
  before: PerplexityReport | TaskReport | undefined;
  /** What was measured behind every stage that has ended, the continued run's earlier ones too. */
  borders: BorderLine[];
}

/** A figure behind a stage, on one validation set. */
export type BorderLine = Extract<MetricsLine, { type: 'eval' }>;

const keyOf = (line: MetricsLine) =>
  line.type === 'eval' ? `${line.step} ${line.data} ${line.at}` : undefined;

/** Trains, and fills `recipe.json` and `metrics.jsonl`. Ctrl+C stops after the step and keeps what is there. */
export async function trainInFolder(request: TrainingRequest): Promise<TrainingOutcome> {
  const { client, out, folder, runId, recipe, reportEvery, snapshotEvery, resumeFrom } = request;
  const { measureTeacher = false } = request;
  await mkdir(folder, { recursive: true });
  const metrics = join(folder, 'metrics.jsonl');
  const earlier = resumeFrom === undefined ? [] : await linesUpTo(metrics, resumeFrom);
  await writeFile(metrics, earlier.map((line) => `${JSON.stringify(line)}\n`).join(''));
  if (resumeFrom === undefined) await rm(join(folder, 'report.json'), { force: true });

  const borders = earlier.filter((line) => line.type === 'eval').filter(({ at }) => at === 'end');
  const known = new Set<string | undefined>(earlier.flatMap((line) => keyOf(line) ?? []));
  let writing: Promise<unknown> = Promise.resolve();
  const notes = trainingNotes(out);
  const stopListening = client.onEvent((event) => {
    notes(event);
    if (event.type === 'runStarted') {
      const resolved = event.recipe;
      writing = writing.then(() => writeJson(join(folder, 'recipe.json'), resolved));
    }
    // A run that goes on behind a stage measures there again what it may have measured before.
    const lines = metricsOf(event).filter((line) => !known.has(keyOf(line)));
    borders.push(...lines.filter((line) => line.type === 'eval').filter(({ at }) => at === 'end'));
    if (lines.length === 0) return;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    writing = writing.then(() => appendFile(metrics, text));
  });
  const stop = () => void client.request({ type: 'stop' }).catch(() => process.exit(1));
  process.once('SIGINT', stop);
  try {
    const resume = resumeFrom !== undefined;
    const options = { reportEvery, snapshotEvery, resume, measureTeacher };
    const result = await client.request({ type: 'start', runId, recipe, ...options });
    const first = earlier.find(
      (line) => line.type === 'eval' && line.step === 0,
    ) as TrainingOutcome['before'];
    return { result, before: result.perplexityBefore ?? first ?? result.scoresBefore, borders };
  } finally {
    process.off('SIGINT', stop);
    stopListening();
    await writing;
  }
}

/** `accuracy 0.812, f1 0.790` */
export const metricsText = ({ metrics }: Pick<TaskReport, 'metrics'>): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${value.toFixed(3)}`)
    .join(', ');

/** Says how a run goes, at most once a second. */
function trainingNotes(out: Output): (event: Event) => void {
  let last = -Infinity;
  let total = 0;
  let several = false;
  const on = (data: string) => (several ? ` of ${data}` : '');
  return (event) => {
    if (event.type === 'runStarted') {
      total = event.totalSteps;
      several = validationSets(event.recipe).length > 1;
      out.note(`layers ${event.layers.join(' ')}, ${total} steps`);
    } else if (event.type === 'eval') {
      out.note(
        `step ${event.step}: perplexity ${event.perplexity.toFixed(3)} on ${event.tokens} tokens${on(event.data)}`,
      );
    } else if (event.type === 'scores') {
      out.note(`step ${event.step}: ${metricsText(event)} on ${event.rows} rows${on(event.data)}`);
    } else if (event.type === 'sample') {
      out.note(`step ${event.step}: ${JSON.stringify(event.prompt + event.text)}`);
    } else if (event.type === 'steps') {
      const step = event.steps.at(-1)!;
      if (performance.now() - last < 1000 && step.step !== total) return;
      last = performance.now();
      const rate = step.timeMs > 0 ? Math.round((1000 * step.tokens) / step.timeMs) : 0;
      out.note(`step ${step.step}/${total}: loss ${step.loss.toFixed(4)}, ${rate} tokens/s`);
    }
  };
}
