/** Runs on texts and rows from files of every kind, through the session. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecipeInput } from '../recipe/recipe';
import { parquetBytes } from '../testing/parquetFiles';
import { prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import { createSession } from './session';

const folder = mkdtempSync(join(tmpdir(), 'decant-data-'));
const inFolder = (name: string) => join(folder, name);
const root = fileURLToPath(new URL('../..', import.meta.url));

let client: Client;
let close: () => void;

const documents = Array.from({ length: 60 }, (_, i) => prose(40 + (i % 30), i));
const jsonl = documents.map((text) => JSON.stringify({ text })).join('\n');

beforeAll(async () => {
  const column = { name: 'text', data: documents, type: 'STRING' as const };
  writeFileSync(inFolder('a.parquet'), parquetBytes([column], { rowGroupSize: 6, codec: 'ZSTD' }));
  writeFileSync(inFolder('a.jsonl'), jsonl);
  writeFileSync(inFolder('a.jsonl.gz'), gzipSync(jsonl));
  writeFileSync(
    inFolder('a.csv'),
    ['title,body', ...documents.map((text, i) => `${i},"${text}"`)].join('\n'),
  );
  mkdirSync(inFolder('many/deep'), { recursive: true });
  writeFileSync(inFolder('many/0.jsonl'), jsonl.slice(0, jsonl.indexOf('\n', jsonl.length / 2)));
  writeFileSync(
    inFolder('many/deep/1.jsonl.gz'),
    gzipSync(jsonl.slice(jsonl.indexOf('\n', jsonl.length / 2))),
  );
  writeFileSync(inFolder('many/readme.html'), '<p>not a text');
  const rows = Array.from({ length: 60 }, (_, i) => ({
    sentence: `row ${i % 9} ${i % 2 ? 'up' : 'down'}`,
    label: i % 2,
  }));
  writeFileSync(
    inFolder('sst2.parquet'),
    parquetBytes(
      [
        { name: 'sentence', data: rows.map((row) => row.sentence), type: 'STRING' },
        { name: 'label', data: rows.map((row) => BigInt(row.label)), type: 'INT64' },
      ],
      { rowGroupSize: 6, codec: 'GZIP' },
    ),
  );
  const ends = portPair();
  const { openData } = nodePlatform(root);
  createSession(ends[1], tinyPlatform(openData && { openData }));
  client = createClient(ends[0]);
  close = () => ends.forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => close());

const recipe = (data: RecipeInput['data']): RecipeInput => ({
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 11] },
  data,
  stages: [{ method: 'fine-tune', steps: 1, batchSize: 2, optimizer: { warmupSteps: 0 } }],
  evaluation: { every: 0, window: 32, stride: 32, maxTokens: 0 },
});

let runs = 0;
const run = (data: RecipeInput['data']) =>
  client.request({ type: 'start', runId: `run ${runs++}`, recipe: recipe(data) });

type TextInput = string | { source: string; column: string };
const text = (source: TextInput) => ({ train: source, validation: source, contextLength: 16 });

describe('text', () => {
  test('is the same run from Parquet, JSON lines, packed ones, a column of CSV, and a folder', async () => {
    const sources = [
      'a.parquet',
      'a.jsonl',
      'a.jsonl.gz',
      'many',
      { source: `file:${inFolder('a.csv')}`, column: 'body' },
    ];
    const results = [];
    for (const source of sources)
      results.push(await run(text(typeof source === 'string' ? `file:${inFolder(source)}` : source)));
    const [first] = results;
    expect(Number.isFinite(first!.loss)).toBe(true);
    for (const { loss, perplexityAfter } of results) {
      expect(loss).toBe(first!.loss);
      expect(perplexityAfter!.perplexity).toBe(first!.perplexityAfter!.perplexity);
    }
  });

  test('a fraction of Parquet holds that much text; the same seed gives the same', async () => {
    const source = `file:${inFolder('a.parquet')}`;
    const measure = async (fraction: number) =>
      (await run({ train: 'demo', validation: { source, fraction }, contextLength: 16 })).perplexityAfter!;
    const [tenth, again, whole] = [await measure(0.1), await measure(0.1), await measure(1)];
    expect(again.perplexity).toBe(tenth.perplexity);
    expect(tenth.tokens / whole.tokens).toBeGreaterThan(0.05);
    expect(tenth.tokens / whole.tokens).toBeLessThan(0.15);
  });

  test('a column that is not there is named', async () => {
    await expect(run(text(`file:${inFolder('a.csv')}`))).rejects.toThrow(
      'a.csv, line 2 has no text in the column "text": it has "title", "body"',
    );
    await expect(run(text(`file:${inFolder('none.txt')}`))).rejects.toThrow(
      /^there is no file or folder .*none\.txt$/,
    );
  });
});

test('rows of a task come from Parquet, a fraction of them too', async () => {
  const source = `file:${inFolder('sst2.parquet')}`;
  const data = { kind: 'task', task: 'glue/sst2', maxLength: 32 } as const;
  const whole = await run({ ...data, train: source, validation: source });
  expect(whole.scoresAfter).toMatchObject({ rows: 6 });
  const part = await run({ ...data, train: source, validation: { source, fraction: 0.5 } });
  expect(part.scoresAfter).toMatchObject({ rows: 3 });
});
