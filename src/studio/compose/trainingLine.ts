/** The recipe in short lines. Pure. */
import { rowLength } from '../../recipe/data';
import type { Recipe, Stage } from '../../recipe/recipe';
import type { MethodCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { showNumber } from '../pieces/number';

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
  const batch = `${accumulated}${stage.batchSize} × ${rowLength(recipe.data)}`;
  return `AdamW ${rate}, ${schedule} · ${batch} · seed ${recipe.seed}`;
}

/** Training tokens of a stage; null when it is given in epochs and the text is not known. */
export function stageTokens(recipe: Recipe, stage: Stage, trainTokens: number | null): number | null {
  if (stage.epochs !== undefined) return trainTokens === null ? null : Math.round(stage.epochs * trainTokens);
  return (stage.steps ?? 0) * stage.batchSize * stage.gradAccumSteps * rowLength(recipe.data);
}

/** `Vanilla KD, 200 steps` for every stage. */
export function stageLines(recipe: Recipe, methods: readonly Pick<MethodCard, 'id' | 'label'>[]): string[] {
  return recipe.stages.map((stage) => {
    const label = methods.find((method) => method.id === stage.method)?.label ?? stage.method;
    return `${label}, ${lengthText(stage)}`;
  });
}
