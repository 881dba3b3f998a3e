/** The files behind the names that recipes give to text and rows: of this machine (`file:`) or of the Hub (`hf:`). */
import { planReading, type Wanted } from '../../data/tables';
import { fileColumns } from '../../data/textColumn';
import { firstRows } from '../../data/firstRows';
import { findSplit, type HubDataset } from '../../io/hubDataset';
import { isHubSource, parseHubSource } from '../../recipe/hubSource';
import type { DataFiles, Platform } from '../platform';
import type { DatasetCard, DatasetPart, DatasetQuery, PartQuery } from '../datasetCard';
import type { Task } from './task';

const FILE = 'file:';

export interface HubAccess {
  readonly url: string;
  /** Of this visit only. */
  readonly token: string | undefined;
}

/** A task, or what stands for one where there is no session. */
export type Watch = Pick<Task, 'signal' | 'gate' | 'progress'>;

export interface NamedFiles extends DataFiles {
  /** The column that the name says. */
  readonly column?: string | undefined;
  readonly warnings: readonly string[];
}

export interface Sources {
  /**
   * The files of a source; undefined for a name that stands for no files here. `wanted` is what will be read of them,
   * so that progress knows its end.
   */
  open(source: string, task: Watch, wanted?: Wanted): Promise<NamedFiles | undefined>;
  inspect(query: DatasetQuery, task: Watch): Promise<DatasetCard>;
}

async function describePart(
  dataset: HubDataset,
  { config, split, columns, fraction, seed, rows }: PartQuery,
): Promise<DatasetPart> {
  const files = await dataset.open(config, split);
  const found = await fileColumns(files[0]!);
  const names = found.map(({ name }) => name);
  // A column that is not there is the user's to choose; until then all count.
  const wanted = columns?.every((name) => names.includes(name)) ? columns : undefined;
  const plan = await planReading(files, { columns: wanted, fraction, seed });
  const first = await firstRows(files[0]!, wanted);
  return {
    split,
    columns: [...found],
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    fetchBytes: plan.bytes,
    share: plan.share,
    firstBytes: first.bytes,
    ...(rows !== undefined && { first: await first.read(rows) }),
    ...(plan.rows !== undefined && { rows: plan.rows }),
  };
}

export function createSources(
  platform: Pick<Platform, 'openData' | 'openDataset'>,
  hub: () => HubAccess,
): Sources {
  /** Progress in bytes; `expect` says how many are still to come. */
  async function openRepo(repo: string, revision: string | undefined, { signal, gate, progress }: Watch) {
    let asked = 0;
    let expected = 0;
    const { url: hubUrl, token: accessToken } = hub();
    const onProgress = (what: string, done: number, total: number) => {
      asked = total;
      progress(what, done, Math.max(asked, expected), 'bytes');
    };
    const request = { repo, revision, hubUrl, accessToken, signal, gate, onProgress };
    const dataset = await platform.openDataset(request);
    return { dataset, expect: (bytes: number) => void (expected = asked + bytes) };
  }

  return {
    async open(source, task, wanted) {
      if (source.startsWith(FILE) && platform.openData)
        return { ...(await platform.openData(source.slice(FILE.length))), warnings: [] };
      if (!isHubSource(source)) return undefined;
      const { repo, revision, config, split, column } = parseHubSource(source);
      const { dataset, expect } = await openRepo(repo, revision, task);
      const files = await dataset.open(config, split);
      const columns = column === undefined ? wanted?.columns : [column];
      if (wanted) expect((await planReading(files, { ...wanted, columns })).bytes);
      const name = `${repo}${config === undefined ? '' : `, ${config}`}, ${split}`;
      return { name, files, column, warnings: dataset.warnings };
    },
    async inspect({ repo, revision, part }, task) {
      const { dataset } = await openRepo(repo, revision, task);
      const { commit, converted, configs, warnings } = dataset;
      if (part) findSplit(dataset, part.config, part.split);
      return {
        repo,
        commit,
        converted,
        configs: configs.map(({ name, splits }) => ({
          name,
          splits: splits.map((split) => ({
            name: split.name,
            files: split.paths.length,
            bytes: split.paths.reduce((sum, path) => sum + dataset.sizeOf(path), 0),
          })),
        })),
        ...(part && { part: await describePart(dataset, part) }),
        warnings,
      };
    },
  };
}
