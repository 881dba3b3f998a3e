/** The recipe in short lines. Pure. */
import { rowLength, type TaskData, type TextData } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import type { Recipe, Stage } from '../../recipe/recipe';
import type { MethodCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { showNumber } from '../pieces/number';
import { rowsText } from '../task/runLine';

/** `200 steps` or `2 epochs` */
export function lengthText(stage: Stage): string {
  if (stage.epochs !== undefined)
    return `${showNumber(stage.epochs)} ${stage.epochs === 1 ? 'epoch' : 'epochs'}`;
  return `${formatCount(stage.steps ?? 0)} steps`;
}

/** `AdamW 5e-4, linear · 8 × 128 · seed 1` */
export function trainingLine(recipe: Recipe, stage: Stage): string {
  const { learningRate, schedule } = stage.optimizer;
  const accumulated = stage.gradAccumSteps > 1 ? `${stage.gradAccumSteps} × ` : '';
  const rate = learningRate >= 0.01 ? showNumber(learningRate) : learningRate.toExponential();
  const batch = `${accumulated}${stage.batchSize} × ${rowLength(dataOf(recipe, stage))}`;
  return `AdamW ${rate}, ${schedule} · ${batch} · seed ${recipe.seed}`;
}

/**
 * Training tokens of a stage that learns from text, 0 of a task; null when it is given in epochs and its text is not
 * known. `trainTokens` are those of its own text.
 */
export function stageTokens(recipe: Recipe, stage: Stage, trainTokens: number | null): number | null {
  const data = dataOf(recipe, stage);
  if (data.kind === 'task') return 0;
  if (stage.epochs !== undefined) return trainTokens === null ? null : Math.round(stage.epochs * trainTokens);
  return (stage.steps ?? 0) * stage.batchSize * stage.gradAccumSteps * rowLength(data);
}

type Known = number | null | undefined;

/**
 * `25,600 tokens, 0.04 times the text, then 480 rows, 0.4 epochs`: how much a run sees. What the data hold is asked of
 * the callers; what is not known is left out.
 */
export function amountText(
  recipe: Recipe,
  trainTokens: (data: TextData) => Known,
  trainRows: (data: TaskData) => Known,
): string {
  let tokens: number | null = 0;
  const rows: { stages: Stage[]; known: number | null } = { stages: [], known: null };
  for (const stage of recipe.stages) {
    const data = dataOf(recipe, stage);
    if (data.kind === 'task') {
      rows.stages.push(stage);
      rows.known = trainRows(data) ?? null;
      continue;
    }
    const own = stageTokens(recipe, stage, trainTokens(data) ?? null);
    tokens = tokens === null || own === null ? null : tokens + own;
  }
  // A share of a text says something where all stages learn from that one.
  const { data } = recipe;
  const whole = data.kind === 'lm' && recipe.stages.every((stage) => !stage.data) ? trainTokens(data) : null;
  const times =
    tokens && whole ? `, ${showNumber(Number((tokens / whole).toPrecision(2)))} times the text` : '';
  const parts = [
    tokens ? `${formatCount(tokens)} tokens${times}` : '',
    rows.stages.length > 0 ? rowsText(rows, rows.known) : '',
  ];
  return parts.filter(Boolean).join(', then ');
}

/** `Vanilla KD, 200 steps` for every stage. */
export function stageLines(recipe: Recipe, methods: readonly Pick<MethodCard, 'id' | 'label'>[]): string[] {
  return recipe.stages.map((stage) => {
    const label = methods.find((method) => method.id === stage.method)?.label ?? stage.method;
    return `${label}, ${lengthText(stage)}`;
  });
}
