/** What sets one run's recipe apart from another's, in a reader's words. Pure. */
import { rowLength } from '../../recipe/data';
import type { Recipe, Stage } from '../../recipe/recipe';

type Compared = { recipe: Recipe; layers: readonly number[] };

const OPTIMIZER_WORDS: Record<keyof Stage['optimizer'], string> = {
  learningRate: 'learning rate',
  warmupSteps: 'warm-up',
  schedule: 'schedule',
  finalFraction: 'final rate',
  weightDecay: 'weight decay',
  beta1: 'β₁',
  beta2: 'β₂',
  epsilon: 'ε of AdamW',
  gradClip: 'clipping',
};

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function stageDifferences(one: Stage | undefined, other: Stage | undefined): string[] {
  if (!one || !other) return ['stages'];
  const words: string[] = [];
  if (one.method !== other.method) words.push('method');
  else {
    const names = [...new Set([...Object.keys(one.settings), ...Object.keys(other.settings)])];
    words.push(...names.filter((name) => one.settings[name] !== other.settings[name]));
  }
  if (one.steps !== other.steps || one.epochs !== other.epochs) words.push('steps');
  if (one.batchSize !== other.batchSize || one.gradAccumSteps !== other.gradAccumSteps) words.push('batch');
  if (one.dropout !== other.dropout) words.push('dropout');
  if (!same(one.data, other.data)) words.push('a stage’s data');
  for (const [name, word] of Object.entries(OPTIMIZER_WORDS) as [keyof Stage['optimizer'], string][]) {
    if (one.optimizer[name] !== other.optimizer[name]) words.push(word);
  }
  return words;
}

function dataDifferences(one: Recipe['data'], other: Recipe['data']): string[] {
  if (one.kind !== other.kind) return ['text or task'];
  const words: string[] = [];
  const task = one.kind === 'task';
  if (
    task &&
    other.kind === 'task' &&
    !same([one.task, one.columns, one.labels], [other.task, other.columns, other.labels])
  )
    words.push('task');
  else if (!same([one.train, one.validation], [other.train, other.validation]))
    words.push(task ? 'rows' : 'text');
  if (one.kind === 'lm' && other.kind === 'lm' && !same(one.cleaning, other.cleaning)) words.push('cleaning');
  if (rowLength(one) !== rowLength(other)) words.push(task ? 'longest input' : 'context length');
  return words;
}

/** `['k', 'layers', 'method']`; empty when the runs differ in nothing that a recipe says. */
export function differences(one: Compared, other: Compared): string[] {
  const words: string[] = [];
  if (!same(one.recipe.teacher, other.recipe.teacher)) words.push('teacher');
  if (one.layers.length !== other.layers.length) words.push('k');
  if (!same(one.layers, other.layers)) words.push('layers');
  const stages = Math.max(one.recipe.stages.length, other.recipe.stages.length);
  for (let i = 0; i < stages; i++)
    words.push(...stageDifferences(one.recipe.stages[i], other.recipe.stages[i]));
  const { data, evaluation, seed } = one.recipe;
  words.push(...dataDifferences(data, other.recipe.data));
  if (seed !== other.recipe.seed) words.push('seed');
  const protocol = ({ window, stride, text, unit, maxTokens }: Recipe['evaluation']) => [
    ...[window, stride, text, unit, maxTokens],
  ];
  if (!same(protocol(evaluation), protocol(other.recipe.evaluation))) words.push('evaluation');
  return [...new Set(words)];
}
