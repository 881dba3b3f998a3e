import { hubTextOf } from '../../data/hubDatasets';
import { RecipeError } from '../../errors';
import { checkDatasetName, isHubSource, parseHubSource } from '../../recipe/hubSource';
import type { DatasetCard, DatasetQuery } from '../../worker/datasetCard';
import { createSources } from '../../worker/session/sources';
import type { Arguments } from '../args';
import type { Command } from '../command';
import { HUB_OPTION, hubOf, noteWatch } from '../hub';
import { machinePlatform } from '../session';

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** `hf:owner/name[@revision]`, or a recipe's source with its split. */
function askedOf(args: Arguments): DatasetQuery {
  const source = args.positionals[0]!;
  if (!isHubSource(source))
    throw new RecipeError(`${JSON.stringify(source)} is no data set of the Hub`, 'Write hf:owner/name.');
  const fraction = args.number('fraction', { min: 0, max: 1 }) ?? 1;
  const seed = args.number('seed', { min: 0, integer: true }) ?? 1;
  if (source.includes(':', 'hf:'.length)) {
    const { repo, revision, config, split, column } = parseHubSource(source);
    const columns = column === undefined ? undefined : [column];
    return { repo, revision, part: { config, split, fraction, seed, ...(columns && { columns }) } };
  }
  const [repo, revision] = source.slice('hf:'.length).split('@', 2) as [string, string | undefined];
  checkDatasetName(repo);
  return { repo, revision };
}

function lines({ repo, commit, converted, configs, part }: DatasetCard, join: string | undefined): string[] {
  return [
    `${repo} at ${commit}${converted ? ", the Hub's conversion to Parquet" : ''}`,
    ...configs.flatMap(({ name, splits }) =>
      splits.map(({ name: split, files, bytes }) => {
        const of = files === 1 ? '1 file' : `${files} files`;
        return `  ${name}: ${split}, ${of}, ${megabytes(bytes)}`;
      }),
    ),
    ...(part
      ? [
          `columns: ${part.columns.map(({ name, type }) => `${name} (${type})`).join(', ') || 'none, plain text'}`,
          ...(part.rows === undefined ? [] : [`${part.rows.toLocaleString('en')} rows`]),
          `to fetch: ${megabytes(part.fetchBytes)} of ${megabytes(part.bytes)}, ${(100 * part.share).toFixed(1)} % of the rows`,
        ]
      : []),
    ...(join === undefined
      ? []
      : [`its rows are lines of one text: "join": ${JSON.stringify(join)} beside the source in a recipe`]),
  ];
}

export const dataset: Command = {
  name: 'dataset',
  usage: 'hf:owner/name[/config][@revision][:split[:column]] [--fraction x]',
  summary:
    'configs and splits of a data set of the Hub; of a split its columns, rows and what would be fetched',
  positionals: 1,
  options: {
    fraction: { value: 'X', help: 'the share of the rows that would be read (default 1)' },
    seed: { value: 'N', help: 'which part a fraction takes (default 1)' },
    ...HUB_OPTION,
  },
  async run({ args, out }) {
    const asked = askedOf(args);
    const sources = createSources(await machinePlatform(), () => hubOf(args));
    const card = await sources.inspect(asked, noteWatch(out));
    card.warnings.forEach(out.note);
    const join = asked.part && hubTextOf(args.positionals[0]!)?.join;
    out.result({ ...card, ...(join !== undefined && { join }) }, lines(card, join));
    return 0;
  },
};
