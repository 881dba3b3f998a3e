/** What the card of a data set (README.md) says about its files: the YAML between two lines of dashes at its top. */
import { z } from 'zod';
import { globTest, layoutByNames, type CardConfig, type CardSplit } from './datasetLayout';

const patterns = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());

const configSchema = z.object({
  config_name: z.coerce.string().min(1),
  data_dir: z.string().optional(),
  data_files: z
    .union([
      z.array(z.object({ split: z.coerce.string().min(1), path: patterns })),
      patterns.transform((path) => [{ split: 'train', path }]),
      z
        .record(z.string(), patterns)
        .transform((files) => Object.entries(files).map(([split, path]) => ({ split, path }))),
    ])
    .optional(),
});

/** A larger front matter is read by nobody; those of data sets with many configs have some hundred kilobytes. */
export const MAX_CARD_BYTES = 1 << 21;

const joined = (folder: string, path: string) => `${folder.replace(/^\.?\/|\/+$/g, '')}/${path}`;

/** Splits of a folder that the card names without files. */
function splitsIn(folder: string, paths: readonly string[]): CardSplit[] {
  const inside = globTest(joined(folder, '**'));
  const configs = layoutByNames(paths.filter(inside));
  return configs.flatMap(({ splits }) =>
    splits.map(({ name, paths: found }) => ({ split: name, patterns: found })),
  );
}

/**
 * The configs that a card describes; none where it says nothing, or nothing that can be used: then names must do.
 * `paths` are those of the repository.
 */
export async function readCard(text: string, paths: readonly string[]): Promise<CardConfig[]> {
  const front = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---\s*(\r?\n|$)/.exec(text)?.[1];
  if (front === undefined || !/^configs:/m.test(front)) return [];
  // Loaded when first used: few data sets have such cards.
  const { parse } = await import('yaml');
  let card: unknown;
  try {
    card = parse(front, { logLevel: 'error', maxAliasCount: 100 });
  } catch {
    return [];
  }
  const found = z.object({ configs: z.array(z.unknown()) }).safeParse(card);
  return (found.data?.configs ?? []).flatMap((config) => {
    const { data } = configSchema.safeParse(config);
    if (!data) return [];
    const { config_name: name, data_dir: folder, data_files: files } = data;
    const splits = files?.map(({ split, path }) => ({
      split,
      patterns: folder === undefined ? path : path.map((each) => joined(folder, each)),
    }));
    return [{ name, splits: splits ?? (folder === undefined ? [] : splitsIn(folder, paths)) }];
  });
}
