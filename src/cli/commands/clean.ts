import { RecipeError } from '../../errors';
import type { Command } from '../command';

export const clean: Command = {
  name: 'clean',
  usage: 'FILE --out FILE [--column NAME]',
  summary: 'the cleaning pipeline; not in this version',
  positionals: 1,
  options: {
    out: { value: 'FILE', help: 'the cleaned text' },
    column: { value: 'NAME', help: 'the column that holds the text' },
  },
  run() {
    throw new RecipeError(
      'clean is not part of this version of Decant yet',
      'It comes with the cleaning pipeline.',
    );
  },
};
