/**
 * A data set of the Hub: its configs and splits, and the files of a split as sources that are read by ranges. Where a
 * repository holds no file that can be read (loading scripts, archives), the Hub's own conversion to Parquet serves.
 */
import { DataError } from '../errors';
import { checkDatasetName } from '../recipe/hubSource';
import { MAX_CARD_BYTES, readCard } from './datasetCard';
import { DEFAULT_CONFIG, layoutByCard, layoutByNames, type DatasetConfig } from './datasetLayout';
import { RefusedError } from './httpErrors';
import { hubFileSet, type HubFileSet, type HubOptions } from './hub';
import type { ByteSource } from './source';

export const CONVERTED = 'refs/convert/parquet';

export interface HubDataset {
  readonly repo: string;
  /** The commit that is read; of the conversion, its own. */
  readonly commit: string;
  /** The Hub's conversion is read. */
  readonly converted: boolean;
  readonly configs: readonly DatasetConfig[];
  readonly warnings: string[];
  /** Bytes of a file. */
  sizeOf(path: string): number;
  /** The files of a split. Throws DataError that names those there are. */
  open(config: string | undefined, split: string): Promise<ByteSource[]>;
}

async function layoutOf(files: HubFileSet): Promise<DatasetConfig[]> {
  const paths = await files.list();
  const card = await files.open('README.md');
  if (card && card.size <= MAX_CARD_BYTES) {
    const text = new TextDecoder().decode(await card.read(0, card.size));
    const configs = layoutByCard(await readCard(text, paths), paths);
    if (configs.length > 0) return configs;
  }
  // Of a repository with a loading script only the script knows what its files mean.
  const name = files.name.slice(files.name.lastIndexOf('/') + 1);
  const scripted = paths.includes(`${name}.py`) && !paths.some((path) => path.endsWith('.parquet'));
  return scripted ? [] : layoutByNames(paths);
}

/** The Hub's conversion, or null where it has made none. */
async function openConverted(options: HubOptions): Promise<HubFileSet | null> {
  try {
    return await hubFileSet({ ...options, revision: CONVERTED });
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return null;
    throw error;
  }
}

const quoted = (names: readonly string[]) => {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name));
  return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
};

function configOf({ repo, configs }: HubDataset, name: string | undefined): DatasetConfig {
  const wanted = name ?? (configs.length === 1 ? configs[0]!.name : DEFAULT_CONFIG);
  const found = configs.find((config) => config.name === wanted);
  if (found) return found;
  const names = quoted(configs.map((config) => config.name));
  throw new DataError(
    name === undefined
      ? `${repo} has ${configs.length} configs: ${names}`
      : `${repo} has no config ${JSON.stringify(name)}; its configs: ${names}`,
    `Name one of them: hf:${repo}/CONFIG:SPLIT.`,
  );
}

/** A config by name (the only one, or `default`, when undefined) and one of its splits. Throws DataError. */
export function findSplit(dataset: HubDataset, config: string | undefined, split: string): readonly string[] {
  const { name, splits } = configOf(dataset, config);
  const found = splits.find((candidate) => candidate.name === split);
  if (found) return found.paths;
  throw new DataError(
    `${dataset.repo} has no split ${JSON.stringify(split)} in ${JSON.stringify(name)}; its splits: ${quoted(splits.map((each) => each.name))}`,
    'Name one of these splits.',
  );
}

/** Opens a data set: asks for its listing and its card. Throws SourceError, DataError, or CancelledError on the signal. */
export async function openHubDataset(given: Omit<HubOptions, 'type'>): Promise<HubDataset> {
  checkDatasetName(given.repo);
  const options: HubOptions = { ...given, type: 'dataset' };
  let files = await hubFileSet(options);
  let configs = await layoutOf(files);
  const converted = configs.length === 0 && options.revision === undefined;
  if (converted) {
    const other = await openConverted(options);
    if (other) {
      files = other;
      configs = layoutByNames(await files.list());
    }
  }
  if (configs.length === 0)
    throw new DataError(
      `${given.repo} holds no .parquet, .jsonl, .csv, .tsv or .txt files, and the Hub has not converted it`,
      'Choose another data set, or bring its files yourself.',
    );
  const partial = (await files.list()).some((path) => /(^|\/)partial-/.test(path));
  if (partial && converted)
    files.warnings.push(`The Hub has converted only the first 5 GB of some splits of ${given.repo}.`);
  const dataset: HubDataset = {
    repo: given.repo,
    commit: files.commit,
    converted,
    configs,
    warnings: files.warnings,
    sizeOf: (path) => files.sizeOf(path),
    async open(config, split) {
      const sources = await Promise.all(findSplit(dataset, config, split).map((path) => files.open(path)));
      const version = `${given.repo} ${files.commit}`;
      return sources.filter((source) => source !== null).map((source) => ({ ...source, version }));
    },
  };
  return dataset;
}
