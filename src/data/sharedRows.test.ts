/** Real rows of `../shared/data`, written to Parquet and read back from the disk and from a Hub. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnSource } from 'hyparquet-writer';
import { afterAll, expect, test } from 'vitest';
import { startHubServer } from '../../e2e/hubServer.mjs';
import { openHubDataset } from '../io/hubDataset';
import { fileSource } from '../io/source.node';
import { CODECS, parquetBytes } from '../testing/parquetFiles';
import type { DataFile } from './dataFile';
import { readTable } from './tables';
import { readTextFiles } from './textFiles';

const shared = new URL('../../../shared/data/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'decant-shared-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Row = Record<string, string | number | null>;

function rowsOf(path: string, most: number): Row[] {
  const lines = readFileSync(new URL(path, shared), 'utf8').trim().split('\n');
  return lines.slice(0, most).map((line) => JSON.parse(line) as Row);
}

/** Texts as strings, the label as 64-bit integers as on the Hub, other numbers as 32-bit ones. */
function columnsOf(rows: readonly Row[], dictionary: readonly string[]): ColumnSource[] {
  return Object.keys(rows[0]!).map((name) => {
    const values = rows.map((row) => row[name]!);
    const nullable = values.includes(null as never);
    const encoding = dictionary.includes(name) ? 'RLE_DICTIONARY' : 'PLAIN';
    if (values.some((value) => typeof value === 'string'))
      return { name, data: values, type: 'STRING', nullable, encoding };
    if (name !== 'label') return { name, data: values, type: 'INT32', nullable, encoding };
    return { name, data: values.map((value) => BigInt(value)), type: 'INT64', nullable, encoding };
  });
}

/** Rows of the shared data, and which of their columns are encoded by dictionary. */
const SETS = [
  { path: 'wikitext-2-raw/validation.jsonl', most: 4000, dictionary: [] },
  { path: 'glue/mnli/validation_matched.jsonl', most: 1500, dictionary: ['premise', 'label'] },
  { path: 'super_glue/wic/train.jsonl', most: 1500, dictionary: ['word', 'start1'] },
];
const SHARDS = 2;
const shardName = (shard: number) => `train-0000${shard}-of-0000${SHARDS}.parquet`;

function shardsOf(rows: readonly Row[], dictionary: readonly string[], codec: (typeof CODECS)[number]) {
  const size = Math.ceil(rows.length / SHARDS);
  return Array.from({ length: SHARDS }, (_, shard) =>
    parquetBytes(columnsOf(rows.slice(shard * size, (shard + 1) * size), dictionary), {
      codec,
      rowGroupSize: 301,
    }),
  );
}

/** What `work` makes of the files on the disk, and of the same from a Hub, which reads them by ranges. */
async function fromBoth(
  shards: readonly Uint8Array[],
  work: (files: readonly DataFile[], place: string) => Promise<void>,
): Promise<void> {
  const paths = shards.map((_, shard) => join(folder, shardName(shard)));
  shards.forEach((bytes, shard) => writeFileSync(paths[shard]!, bytes));
  await work(await Promise.all(paths.map(fileSource)), 'disk');
  const repo = Object.fromEntries(shards.map((bytes, shard) => [`data/${shardName(shard)}`, bytes]));
  const server = await startHubServer({ repos: { 'datasets/real/rows': repo } });
  try {
    const dataset = await openHubDataset({ repo: 'real/rows', hubUrl: server.url });
    await work(await dataset.open(undefined, 'train'), 'Hub');
  } finally {
    await server.close();
  }
}

const WRITTEN = CODECS.filter((codec) => codec !== 'BROTLI');

test.skipIf(!existsSync(shared)).each(WRITTEN)(
  'real rows come back from Parquet, %s, from the disk and from a Hub (needs the shared data)',
  async (codec) => {
    for (const { path, most, dictionary } of SETS) {
      const rows = rowsOf(path, most);
      await fromBoth(shardsOf(rows, dictionary, codec), async (files, place) => {
        const table = await readTable(path, files);
        expect(table.rows.length, `${path} ${place}`).toBe(rows.length);
        expect(table.rows.map(({ fields }) => fields)).toEqual(rows);
        if (!path.startsWith('wikitext')) return;
        const { documents } = await readTextFiles(path, files, { join: '' });
        expect(documents).toEqual([rows.map(({ text }) => text).join('')]);
      });
    }
  },
);
