/**
 * Which files of a data set's repository make up which config and split.
 *
 * The card (README.md) may say it under `configs:`; otherwise names do, after the rules of the `datasets` library
 * (https://huggingface.co/docs/hub/datasets-file-names-and-splits): `train-00000-of-00003.parquet`, a folder named
 * after its split, or a word such as `train` or `dev` in the file's name. Beyond those rules, folders above that are
 * configs, as in the Hub's own conversions to Parquet (`config/split/0000.parquet`).
 */

export interface DatasetSplit {
  readonly name: string;
  /** Paths in the repository, in their order. */
  readonly paths: readonly string[];
}

export interface DatasetConfig {
  readonly name: string;
  readonly splits: readonly DatasetSplit[];
}

/** Files of a split as the card names them: paths or patterns. */
export interface CardSplit {
  readonly split: string;
  readonly patterns: readonly string[];
}

export interface CardConfig {
  readonly name: string;
  readonly splits: readonly CardSplit[];
}

/** A config without a name. */
export const DEFAULT_CONFIG = 'default';

/** Endings of the kinds that are read, the first that a repository has counts: Parquet is read by parts. */
const KINDS = [
  /\.parquet$/i,
  /\.(jsonl|ndjson)(\.gz)?$/i,
  /\.csv(\.gz)?$/i,
  /\.tsv(\.gz)?$/i,
  /\.txt(\.gz)?$/i,
];

/** Words by which names tell a split; the usual ones first. */
const SPLIT_WORDS: readonly (readonly [string, RegExp])[] = [
  ['train', /(^|[^a-z0-9])(train|training)([^a-z0-9]|$)/i],
  ['validation', /(^|[^a-z0-9])(validation|valid|dev|val)([^a-z0-9]|$)/i],
  ['test', /(^|[^a-z0-9])(test|testing|eval|evaluation)([^a-z0-9]|$)/i],
];

const ORDER = SPLIT_WORDS.map(([split]) => split);

/** `train`, `validation`, `test`, then others as they come. */
const place = (split: string): number => {
  const index = ORDER.findIndex((name) => split === name || split.startsWith(`${name}_`));
  return index < 0 ? ORDER.length : index;
};

const wordIn = (text: string): string | undefined => SPLIT_WORDS.find(([, word]) => word.test(text))?.[0];

interface Placed {
  config: string;
  split: string;
}

/** Folders that hold data and mean nothing. */
const NEUTRAL = /^(data|dataset|datasets|parquet)$/i;

/** Names of numbered files that name no split. */
const GENERIC = /^(data|part|chunk|shard|file)$/i;

/** What a path says about its file. */
function placeOf(path: string): Placed {
  const folders = path.split('/');
  const name = folders.pop()!;
  const meaning = folders.filter((folder) => !NEUTRAL.test(folder));
  const configOf = (rest: readonly string[]) => rest.join('/') || DEFAULT_CONFIG;
  const above = meaning.at(-1);
  const folder = above === undefined ? undefined : wordIn(above);
  const numbered = /^(.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?\./.exec(name)?.[1];
  if (numbered !== undefined && !GENERIC.test(numbered))
    return { config: configOf(meaning), split: numbered };
  // The Hub's conversions number the files; of very large data sets they hold the first 5 GB only.
  if (above !== undefined && /^\d+\./.test(name) && (folder !== undefined || meaning.length > 1))
    return { config: configOf(meaning.slice(0, -1)), split: above.replace(/^partial-/, '') };
  const own = wordIn(name.replace(/\..*$/, ''));
  if (own !== undefined) return { config: configOf(meaning), split: own };
  if (folder !== undefined) return { config: configOf(meaning.slice(0, -1)), split: folder };
  return { config: configOf(meaning), split: 'train' };
}

function gather(placed: readonly (Placed & { path: string })[]): DatasetConfig[] {
  const configs = new Map<string, Map<string, string[]>>();
  for (const { config, split, path } of placed) {
    const splits = configs.get(config) ?? new Map<string, string[]>();
    configs.set(config, splits);
    splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  return [...configs].map(([name, splits]) => ({
    name,
    splits: [...splits]
      .map(([split, paths]) => ({ name: split, paths }))
      .sort((a, b) => place(a.name) - place(b.name)),
  }));
}

/** Configs and splits by the names of the files; those of the first kind that is there. */
export function layoutByNames(paths: readonly string[]): DatasetConfig[] {
  const visible = paths.filter((path) => !/(^|\/)[._]/.test(path)).sort();
  const kind = KINDS.find((ending) => visible.some((path) => ending.test(path)));
  if (!kind) return [];
  // Licences and lists of requirements are texts, too, but not data.
  const files = visible.filter((path) => kind.test(path) && !/(^|\/)(licen[cs]e|requirements)\b/i.test(path));
  return gather(files.map((path) => ({ ...placeOf(path), path })));
}

/** A pattern of the card as a test: `*` and `?` within a folder, `**` across them, `[ab]` and `{a,b}` as in a shell. */
export function globTest(pattern: string): (path: string) => boolean {
  const clean = pattern.replace(/^\.?\//, '');
  let source = '';
  for (let i = 0; i < clean.length; i++) {
    const rest = clean.slice(i);
    const set = /^\[[^\]/]+\]/.exec(rest)?.[0];
    const choice = /^\{[^{}/]+\}/.exec(rest)?.[0];
    if (rest.startsWith('**/')) source += '(?:.*/)?';
    else if (rest.startsWith('**')) source += '.*';
    else if (set) source += set.replace('[!', '[^').replaceAll('\\', '\\\\');
    else if (choice)
      source += `(?:${choice
        .slice(1, -1)
        .split(',')
        .map((part) => part.replace(/[^\w]/g, '\\$&'))
        .join('|')})`;
    else if (clean[i] === '*') source += '[^/]*';
    else if (clean[i] === '?') source += '[^/]';
    else source += clean[i]!.replace(/[^\w]/, '\\$&');
    const taken = rest.startsWith('**/') ? 3 : rest.startsWith('**') ? 2 : (set ?? choice ?? ' ').length;
    i += taken - 1;
  }
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}

/** Configs and splits as the card says; what matches no file of a readable kind is left out. */
export function layoutByCard(configs: readonly CardConfig[], paths: readonly string[]): DatasetConfig[] {
  const readable = paths.filter((path) => KINDS.some((ending) => ending.test(path))).sort();
  return configs
    .map(({ name, splits }) => ({
      name,
      splits: splits
        .map(({ split, patterns }) => {
          const tests = patterns.map(globTest);
          return { name: split, paths: readable.filter((path) => tests.some((test) => test(path))) };
        })
        .filter((split) => split.paths.length > 0),
    }))
    .filter((config) => config.splits.length > 0);
}
