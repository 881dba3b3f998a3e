import { RecipeError } from '../../errors';
import { selectLayers } from '../../model/selection';
import { STRATEGIES, type Strategy } from '../../recipe/recipe';
import type { OptionSpecs } from '../args';
import type { Command } from '../command';

/** Throws RecipeError for a strategy that does not exist. */
export function checkStrategy(text: string): Strategy {
  const strategy = STRATEGIES.find((name) => name === text);
  if (!strategy)
    throw new RecipeError(
      `there is no strategy ${JSON.stringify(text)}`,
      `Strategies: ${STRATEGIES.join(', ')}.`,
    );
  return strategy;
}

export const STRATEGY_OPTION: OptionSpecs = {
  strategy: { value: STRATEGIES.join('|'), help: 'the rule that picks the layers' },
  seed: { value: 'N', help: 'for random (default 1)' },
};

export const COUNT = { min: 1, integer: true };
export const SEED = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true };

export const select: Command = {
  name: 'select',
  usage: '--teacher-layers N --keep K --strategy S [--seed N]',
  summary: 'which layers a strategy keeps',
  positionals: 0,
  options: {
    'teacher-layers': { value: 'N', help: 'layers of the teacher' },
    keep: { value: 'K', help: 'layers of the student' },
    ...STRATEGY_OPTION,
  },
  async run({ args, out }) {
    const teacherLayers = args.required('teacher-layers', args.number('teacher-layers', COUNT));
    const keep = args.required('keep', args.number('keep', COUNT));
    const strategy = checkStrategy(args.required('strategy', args.text('strategy')));
    const { layers, note } = selectLayers(strategy, teacherLayers, keep, args.number('seed', SEED) ?? 1);
    const result = { strategy, teacherLayers, keep, layers, ...(note === undefined ? {} : { note }) };
    out.result(result, [layers.join(' '), ...(note === undefined ? [] : [note])]);
    return 0;
  },
};
