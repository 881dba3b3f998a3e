import { RecipeError } from '../../errors';
import { KEPT_KINDS, type KeptBytes, type KeptKind } from '../../io/kept';
import { cacheFolder, nodeKeeping } from '../../worker/platform.node';
import type { Arguments } from '../args';
import type { Command } from '../command';

const size = (bytes: number) =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

function lines(folder: string, { downloads, tokens, limit }: KeptBytes): string[] {
  return [
    `${folder} keeps ${size(downloads + tokens)} of at most ${size(limit)}`,
    `  downloads  ${size(downloads)}, models and data sets of the Hub`,
    `  tokens     ${size(tokens)}, texts as models read them`,
  ];
}

/** What `--clear` names. Throws RecipeError. */
function kindsOf(args: Arguments): readonly KeptKind[] {
  const asked = args.text('clear');
  if (asked === undefined) return [];
  if (asked === 'all') return KEPT_KINDS;
  const kind = KEPT_KINDS.find((each) => each === asked);
  if (kind) return [kind];
  throw new RecipeError(`--clear is ${JSON.stringify(asked)}`, `It can be ${KEPT_KINDS.join(', ')} or all.`);
}

export const cache: Command = {
  name: 'cache',
  usage: '[--clear downloads|tokens|all]',
  summary: 'what is kept of the Hub and of texts, how much it may be, and a way to have the room back',
  positionals: 0,
  options: {
    clear: {
      value: 'downloads|tokens|all',
      help: 'removes them; they are fetched or made again when needed',
    },
  },
  async run({ args, out }) {
    const keeping = nodeKeeping();
    await keeping.clear(kindsOf(args));
    const bytes = await keeping.bytes();
    out.result({ folder: cacheFolder(), ...bytes }, lines(cacheFolder(), bytes));
    return 0;
  },
};
