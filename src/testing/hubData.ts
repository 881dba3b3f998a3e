/** Data sets for a Hub of tests: text and rows in Parquet, laid out as on the Hub. */
import { parquetBytes } from './parquetFiles';
import { prose } from './tinyPlatform';

export const HUB_DOCUMENTS = Array.from({ length: 60 }, (_, i) => prose(40 + (i % 30), i));

/** `n` rows of SST-2's columns that a classifier can learn. */
const sentiments = (n: number) =>
  parquetBytes(
    [
      {
        name: 'sentence',
        data: Array.from({ length: n }, (_, i) => `row ${i % 9} ${i % 2 ? 'up' : 'down'}`),
        type: 'STRING',
      },
      { name: 'label', data: Array.from({ length: n }, (_, i) => BigInt(i % 2)), type: 'INT64' },
      { name: 'idx', data: Array.from({ length: n }, (_, i) => i), type: 'INT32' },
    ],
    { rowGroupSize: 6, codec: 'GZIP' },
  );

/** Rows as WikiText has them: lines that bring their line ends, blank ones without. */
export const WIKI_LINES = Array.from({ length: 24 }, (_, i) => [
  ...['', ` = Title ${i} = \n`, '', ` ${prose(60, 100 + i)} . \n`],
  ...['', ' = = Part = = \n', '', ` ${prose(40, 200 + i)} , 3 @,@ 000 . \n`],
]).flat();

const lines = (rows: readonly string[]) =>
  parquetBytes([{ name: 'text', data: [...rows], type: 'STRING' }], { rowGroupSize: 10 });

const text = (documents: readonly string[]) =>
  parquetBytes(
    [
      { name: 'body', data: [...documents], type: 'STRING' },
      { name: 'source', data: documents.map((_, i) => `page ${i}`), type: 'STRING' },
    ],
    { rowGroupSize: 6, codec: 'ZSTD' },
  );

/** `datasets/owner/name` -> its files, for `startHubServer`. */
export const hubDataRepos = (): Record<string, Record<string, Uint8Array>> => ({
  'datasets/some/texts': {
    'README.md': new TextEncoder().encode('# Texts of two shards'),
    'data/train-00000-of-00002.parquet': text(HUB_DOCUMENTS.slice(0, 30)),
    'data/train-00001-of-00002.parquet': text(HUB_DOCUMENTS.slice(30)),
    'data/validation-00000-of-00001.parquet': text(HUB_DOCUMENTS.slice(0, 8)),
  },
  'datasets/Salesforce/wikitext': {
    'wikitext-2-raw-v1/train-00000-of-00001.parquet': lines(WIKI_LINES),
    'wikitext-2-raw-v1/validation-00000-of-00001.parquet': lines(WIKI_LINES.slice(0, 21)),
  },
  'datasets/nyu-mll/glue': {
    'sst2/train-00000-of-00001.parquet': sentiments(60),
    'sst2/validation-00000-of-00001.parquet': sentiments(12),
  },
});
