/** A run of several stages as charts and tables show it: its borders, what was measured at each, and what is zero-shot. Pure. */
import { partOf, type RecipeData } from '../../recipe/data';
import { dataOf, labelOf, validationSets } from '../../recipe/pipeline';
import type { Recipe } from '../../recipe/recipe';
import type { MethodCard, PerplexityReport, TaskReport } from '../../worker/protocol';
import type { Mark } from '../charts/spec';
import type { Axis, RunSeries } from '../series';
import { dataWords, setName, stageTitle } from '../stageWords';
import type { EvalPoint, RunRecord, ScorePoint } from '../storeRuns';
import { positionOf } from './positions';

type Methods = readonly Pick<MethodCard, 'id' | 'needsTeacher'>[];
type Kind = RecipeData['kind'];

/** Whether a stage of the run learns from text, or a task; without stages what is measured decides. */
export function learns({ recipe }: Pick<RunRecord, 'recipe'>, kind: Kind): boolean {
  const datas = recipe.stages.map((stage) => dataOf(recipe, stage));
  return (datas.length > 0 ? datas : [recipe.data]).some((data) => data.kind === kind);
}

export const isPipeline = ({ recipe }: Pick<RunRecord, 'recipe'>): boolean => recipe.stages.length > 1;

/**
 * Whether a text was measured before anything was learned from the training text that belongs to it: straight after
 * truncation, or behind stages of other texts (section 3.3 of the paper).
 */
export function isZeroShot(
  recipe: Pick<Recipe, 'data' | 'stages'>,
  { data, stage, at }: Pick<EvalPoint, 'data' | 'stage' | 'at'>,
): boolean {
  const own = validationSets(recipe).find(({ label }) => label === data)?.data;
  if (own?.kind !== 'lm') return false;
  const learned = recipe.stages.slice(0, at === 'start' ? stage : stage + 1);
  return !learned.some((one) => partOf(dataOf(recipe, one).train).source === partOf(own.train).source);
}

/** The step at which each stage begins; nothing of a run with one stage, or one whose length is not known yet. */
export function stageMarks(
  run: Pick<RunRecord, 'recipe' | 'stageSteps'>,
  series: RunSeries | undefined,
  axis: Axis,
  methods: Methods,
): Mark[] {
  const { recipe, stageSteps } = run;
  if (stageSteps.length < 2) return [];
  let before = 0;
  return stageSteps.map((steps, index) => {
    const x = before === 0 ? 0 : positionOf(series, before + 1, axis);
    before += steps;
    const title = stageTitle(recipe, index, methods);
    const label = `${title}, ${dataWords(dataOf(recipe, recipe.stages[index]!))}`;
    return { x, label, shorter: [title, String(index + 1)] };
  });
}

export interface ResultCell {
  report: EvalPoint | ScorePoint;
  zeroShot: boolean;
  /** The set belongs to the stage of the row. */
  own: boolean;
}

export interface ResultRow {
  title: string;
  /** What the stage learned from. */
  data: string;
  /** By set; null where it was not measured, or not yet. */
  cells: readonly (ResultCell | null)[];
}

export interface ResultSet {
  label: string;
  name: string;
  kind: Kind;
  /** How it was measured; null before it was. */
  report: PerplexityReport | TaskReport | null;
  teacher: PerplexityReport | TaskReport | null;
}

/** What was measured at every border of a run, by validation set. */
export function stageResults(run: RunRecord, methods: Methods): { sets: ResultSet[]; rows: ResultRow[] } {
  const { recipe, result } = run;
  const points = [...run.evals, ...run.scores];
  const sets = validationSets(recipe).map(({ label, data: { kind } }) => ({
    ...{ label, name: setName(label), kind },
    report: points.find(({ data }) => data === label) ?? null,
    teacher: result?.teacherOn?.[label] ?? null,
  }));
  /** Of border `index`: 0 lies before the first stage. A new head is measured where its stage begins. */
  const cellsOf = (index: number) =>
    sets.map(({ label }): ResultCell | null => {
      const at = (one: EvalPoint | ScorePoint) =>
        one.data === label &&
        (one.at === 'end' ? one.stage === index - 1 : one.at === 'start' && one.stage === index);
      const report = points.findLast(at);
      const stage = recipe.stages[index - 1];
      if (!report) return null;
      const own = stage !== undefined && labelOf(recipe, dataOf(recipe, stage)) === label;
      return { report, zeroShot: isZeroShot(recipe, report), own };
    });
  const rows = recipe.stages.map((stage, index) => ({
    title: stageTitle(recipe, index, methods),
    data: dataWords(dataOf(recipe, stage)),
    cells: cellsOf(index + 1),
  }));
  return { sets, rows: [{ title: 'Truncated', data: '', cells: cellsOf(0) }, ...rows] };
}
