/** What a run measures of its student, and the answer that it makes of it. */
import type { PlanCache } from '../../engine/plan/cache';
import { dataOf, labelOf } from '../../recipe/pipeline';
import type { EvaluationMoment } from '../../train/trainer';
import type { Event, RunResult } from '../protocol';
import type { Assignment } from './assignment';
import { measuredAt, type Curriculum } from './curriculum';
import type { Prepared } from './prepare';

type Findings = Awaited<ReturnType<Assignment['measure']>>;

/** The measured points of a run, by the validation set's label. */
export interface Measured {
  before: Map<string, Findings>;
  after: Map<string, Findings>;
  /** Of the last stage's own set. */
  best?: { step: number; loss: number };
}

/** Measures the student on what belongs to a moment, says so, and keeps the first and the last findings. */
export function evaluation(
  runId: string,
  prepared: Prepared,
  plans: PlanCache,
  send: (event: Event) => void,
) {
  const { recipe, curriculum, student } = prepared;
  const measured: Measured = { before: new Map(), after: new Map() };
  const last = recipe.stages.at(-1);
  /** Whom the plans are of. */
  let traced = student.model;
  const evaluate = async (moment: EvaluationMoment, signal: AbortSignal) => {
    const { model } = student;
    // Another head has passes of the same names.
    if (model !== traced) plans.retain(() => false);
    traced = model;
    const sets = measuredAt(curriculum, recipe, moment);
    for (const { label, assignment } of sets) {
      const found = await assignment.measure(model, { signal, plans });
      if (moment.at === 'start') measured.before.set(label, found);
      else measured.after.set(label, found);
      const { best } = measured;
      if (label === labelOf(recipe, dataOf(recipe, last ?? {})) && !(best && best.loss <= found.loss))
        measured.best = { step: moment.step, loss: found.loss };
      send(assignment.event({ runId, ...moment, data: label }, found));
    }
    const sample = await sets[0]?.assignment.sample?.(model, plans);
    if (sample) send({ type: 'sample', runId, step: moment.step, ...sample });
  };
  return { measured, evaluate };
}

/** The findings by the names that a run's answer has for them: those of the recipe's own set, or of the first of a kind. */
export function resultsOf(
  { sets }: Curriculum,
  { before, after }: Measured,
  teacher: ReadonlyMap<string, Findings>,
): Partial<RunResult> {
  const results: Partial<RunResult> = {};
  const text = sets.find(({ kind }) => kind === 'lm')?.label;
  const task = sets.find(({ kind }) => kind === 'task')?.label;
  const put = (name: keyof RunResult, found: Findings | undefined) =>
    found && Object.assign(results, { [name]: found });
  if (text !== undefined) {
    put('perplexityBefore', before.get(text));
    put('perplexityAfter', after.get(text));
  }
  if (task !== undefined) {
    put('scoresBefore', before.get(task));
    put('scoresAfter', after.get(task));
  }
  const cleaning = sets.find(({ assignment }) => assignment.cleaning)?.assignment.cleaning;
  if (cleaning) results.cleaning = cleaning;
  if (text !== undefined) put('teacherPerplexity', teacher.get(text));
  if (task !== undefined) put('teacherScores', teacher.get(task));
  if (teacher.size > 0) results.teacherOn = Object.fromEntries(teacher);
  return results;
}
