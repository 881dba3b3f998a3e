/** Looking at a text and cleaning it, through the session. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PAPER_CLEANING, type CleaningSettings } from '../recipe/cleaning';
import type { Source } from '../recipe/data';
import { prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import { createSession } from './session';

const folder = mkdtempSync(join(tmpdir(), 'decant-cleaning-'));
const root = fileURLToPath(new URL('../..', import.meta.url));
const NOISE = '<div class="menu"><a href="/">Home</a></div>\n+++ 12:40 +++ 12:38 +++\nRead more\n';
const sentence = (i: number) => `${prose(30, i)} and so it went on that day.`;
const noisy = Array.from({ length: 40 }, (_, i) => `${NOISE}${sentence(i % 30)}`);
const source = `file:${join(folder, 'noisy.jsonl')}`;

let client: Client;
let close: () => void;

beforeAll(async () => {
  writeFileSync(join(folder, 'noisy.jsonl'), noisy.map((text) => JSON.stringify({ text })).join('\n'));
  writeFileSync(join(folder, 'bare.jsonl'), JSON.stringify({ text: 'Read more' }));
  const ends = portPair();
  const { openData } = nodePlatform(root);
  createSession(ends[1], tinyPlatform(openData && { openData }));
  client = createClient(ends[0]);
  close = () => ends.forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => close());

let runs = 0;
const run = (cleaning?: CleaningSettings, train = source) =>
  client.request({
    type: 'start',
    runId: `run ${runs++}`,
    recipe: {
      version: 1,
      teacher: { model: 'demo' },
      selection: { layers: [0, 11] },
      data: { train, validation: 'demo', contextLength: 16, cleaning },
      stages: [{ method: 'fine-tune', epochs: 1, batchSize: 4, optimizer: { warmupSteps: 0 } }],
      evaluation: { every: 0, window: 32, stride: 32, maxTokens: 64 },
    },
  });

test('a run learns from the cleaned text and keeps the report; the validation text stays', async () => {
  const [raw, cleaned] = [await run(), await run(PAPER_CLEANING)];
  expect(raw.cleaning).toBeUndefined();
  expect(cleaned.cleaning).toMatchObject({ documentsIn: 40, documentsOut: 30, samplesOut: 30 });
  expect(cleaned.steps).toBeLessThan(0.7 * raw.steps);
  expect(cleaned.perplexityBefore!.perplexity).toBe(raw.perplexityBefore!.perplexity);
});

test('a text of which nothing is left is refused', async () => {
  const bare = `file:${join(folder, 'bare.jsonl')}`;
  await expect(run(PAPER_CLEANING, bare)).rejects.toThrow('nothing is left of bare.jsonl after cleaning');
});

test('a text is looked at before any work', async () => {
  const report = await client.request({
    type: 'surveyText',
    text: source,
    bytes: 1e6,
    cleaning: PAPER_CLEANING,
  });
  expect(report).toMatchObject({ whole: true, survey: { documents: 40, duplicates: 10 } });
  expect(report.survey.scripts[0]).toEqual({ script: 'Latin', share: 1 });
  expect(report.cleaning).toMatchObject({ documentsIn: 40, samplesOut: 30 });
  expect(report.tokensLeft).toBeGreaterThan(0);
  expect(report.tokensLeft).toBeLessThan(report.survey.tokens);
  const plain = await client.request({ type: 'surveyText', text: 'demo', bytes: 100 });
  expect(plain.whole).toBe(false);
  expect(plain.cleaning).toBeUndefined();
  expect(plain.readShare).toBeGreaterThan(0);
});

test('rows that are joined are looked at as the one text that they are', async () => {
  const look = (text: Source) => client.request({ type: 'surveyText', text, bytes: 1e6 });
  const apart = await look(source);
  const joined = await look({ source, fraction: 1, join: '\n' });
  expect(joined.survey).toMatchObject({ documents: 1, duplicates: 0, bytes: apart.survey.bytes + 39 });
  expect(joined.survey.tokens).toBe(apart.survey.tokens + 39);
});

test('one document stands beside what is left of it', async () => {
  const found = await client.request({
    type: 'cleanDocument',
    text: source,
    cleaning: PAPER_CLEANING,
    document: 3,
  });
  const of = (...kinds: string[]) =>
    found.parts
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ text }) => text)
      .join('');
  expect(of('same', 'out')).toBe(noisy[3]);
  expect(of('same', 'in')).toBe(found.after);
  expect(found.after).toBe(sentence(3));
  expect(found.samplesIn - found.samplesOut).toBe(found.taken.reduce((sum, { samples }) => sum + samples, 0));
  await expect(
    client.request({ type: 'cleanDocument', text: source, cleaning: PAPER_CLEANING, document: 40 }),
  ).rejects.toThrow('noisy.jsonl has no document 41');
});
