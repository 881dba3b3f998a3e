import { TextInput } from '@mantine/core';
import { rowLength, withRowLength } from '../../recipe/data';
import { dataOf } from '../../recipe/pipeline';
import type { Recipe } from '../../recipe/recipe';
import { NumberField } from '../pieces/NumberField';
import { withContext } from '../selectionState';
import { useStudio } from '../store';
import { PrecisionField } from './PrecisionField';
import { ProtocolField } from './ProtocolField';

type Evaluation = Recipe['evaluation'];

/** Whether the run has texts, tasks or both. */
const kindsOf = (recipe: Recipe) =>
  new Set([recipe.data, ...recipe.stages.map((stage) => dataOf(recipe, stage))].map(({ kind }) => kind));

/** How much is scored at every evaluation: rows of a task, tokens of a text, or both. */
function ScoredFields({
  recipe,
  evaluate,
}: {
  recipe: Recipe;
  evaluate: (part: Partial<Evaluation>) => void;
}) {
  const { maxRows, maxTokens } = recipe.evaluation;
  const kinds = kindsOf(recipe);
  return (
    <>
      {kinds.has('task') && (
        <NumberField
          label="Rows scored (0: all)"
          value={maxRows}
          min={0}
          max={1e9}
          step={100}
          integer
          onChange={(rows) => evaluate({ maxRows: rows })}
        />
      )}
      {kinds.has('lm') && (
        <NumberField
          label="Tokens scored"
          value={maxTokens}
          min={0}
          max={1e9}
          step={4096}
          integer
          onChange={(tokens) => evaluate({ maxTokens: tokens })}
        />
      )}
    </>
  );
}

/** What holds for the whole run: context, seed, evaluation. */
export function RunFields({ recipe }: { recipe: Recipe }) {
  const edit = useStudio((state) => state.edit);
  const longest = useStudio((state) => state.teacher?.config.nPositions ?? 1024);
  const { evaluation } = recipe;
  const task = recipe.data.kind === 'task';
  const kinds = kindsOf(recipe);
  const evaluate = (part: Partial<Evaluation>, group?: string) =>
    edit((old) => ({ ...old, evaluation: { ...old.evaluation, ...part } }), group);
  return (
    <>
      <NumberField
        label={task ? 'Longest input' : 'Context, tokens'}
        value={rowLength(recipe.data)}
        min={2}
        max={longest}
        step={16}
        integer
        onChange={(length) =>
          edit((old) =>
            old.data.kind === 'task'
              ? { ...old, data: withRowLength(old.data, length) }
              : withContext(old, length),
          )
        }
      />
      <NumberField
        label="Seed"
        value={recipe.seed}
        min={0}
        max={Number.MAX_SAFE_INTEGER}
        step={1}
        integer
        onChange={(seed) => edit((old) => ({ ...old, seed }))}
      />
      <NumberField
        label="Evaluate every"
        value={evaluation.every}
        min={0}
        max={1e6}
        step={10}
        integer
        onChange={(every) => evaluate({ every })}
      />
      <ScoredFields recipe={recipe} evaluate={evaluate} />
      <PrecisionField />
      {kinds.has('lm') && <ProtocolField />}
      {kinds.has('lm') && (
        <TextInput
          className="training-prompt"
          size="xs"
          label="Prompt the student continues at every evaluation"
          placeholder="none"
          value={evaluation.prompt}
          onChange={(event) => evaluate({ prompt: event.currentTarget.value }, 'prompt')}
        />
      )}
    </>
  );
}
