/** Runs on data sets of a Hub, through the session. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startHubServer, type HubServer } from '../../e2e/hubServer.mjs';
import { openHubDataset } from '../io/hubDataset';
import { memoryStore, type ByteStore } from '../io/storage';
import type { RecipeInput } from '../recipe/recipe';
import { hubDataRepos, HUB_DOCUMENTS, WIKI_LINES } from '../testing/hubData';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import type { Event } from './protocol';
import { createSession } from './session';

const root = fileURLToPath(new URL('../..', import.meta.url));
const jsonl = join(mkdtempSync(join(tmpdir(), 'decant-hub-')), 'texts.jsonl');
const TOKEN = 'hf_testOnlySecret';

let server: HubServer;
let client: Client;
let close: () => void;
let cache: ByteStore;
const events: Event[] = [];

beforeAll(async () => {
  writeFileSync(jsonl, HUB_DOCUMENTS.map((body) => JSON.stringify({ body })).join('\n'));
  server = await startHubServer({ repos: hubDataRepos() });
  const [ours, theirs] = portPair();
  const { openData } = nodePlatform(root);
  createSession(
    theirs,
    tinyPlatform({
      ...(openData && { openData }),
      openDataset: ({ onProgress, ...request }) =>
        openHubDataset({
          ...request,
          cache,
          patience: { retries: 2, delayMs: 1, stallMs: 2000 },
          onProgress: ({ file, doneBytes, askedBytes }) => onProgress(file, doneBytes, askedBytes),
        }),
    }),
  );
  client = createClient(ours);
  client.onEvent((event) => events.push(event));
  close = () => [ours, theirs].forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: server.url });
});
afterAll(async () => {
  close();
  await server.close();
});
beforeEach(() => {
  cache = memoryStore();
  server.state.requests.length = 0;
  server.state.tokens = {};
});

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
const fileRequests = () => server.state.requests.filter(({ path }) => !path.startsWith('/api/'));

const HUB = { train: 'hf:some/texts:train:body', validation: 'hf:some/texts:train:body', contextLength: 16 };

test('a text of the Hub is the same run as its rows from a file', async () => {
  const file = { source: `file:${jsonl}`, column: 'body' };
  const local = await run({ train: file, validation: file, contextLength: 16 });
  const remote = await run(HUB);
  expect(remote.loss).toBe(local.loss);
  expect(remote.perplexityAfter!.perplexity).toBe(local.perplexityAfter!.perplexity);
});

test('splits of their own serve for training and validation, and the column may stand beside the source', async () => {
  const part = (source: string, fraction = 1) => ({ source, column: 'body', fraction });
  const { perplexityAfter } = await run({
    train: part('hf:some/texts/default@main:train', 0.2),
    validation: part('hf:some/texts:validation'),
    contextLength: 16,
  });
  // A token is a byte here, and each document begins with one for the end of the text before.
  const bytes = HUB_DOCUMENTS.slice(0, 8).reduce((sum, text) => sum + text.length + 1, 0);
  expect(perplexityAfter!.tokens).toBeGreaterThan(0.9 * bytes);
  expect(perplexityAfter!.tokens).toBeLessThanOrEqual(bytes);
});

test('rows of a task come from the Hub', async () => {
  const source = (split: string) => `hf:nyu-mll/glue/sst2:${split}`;
  const task = { kind: 'task', task: 'glue/sst2', maxLength: 32 } as const;
  const whole = await run({ ...task, train: source('train'), validation: source('validation') });
  expect(whole.scoresAfter).toMatchObject({ rows: 12 });
  const part = await run({
    ...task,
    train: source('train'),
    validation: { source: source('validation'), fraction: 0.5 },
  });
  expect(part.scoresAfter).toMatchObject({ rows: 6 });
});

test('what cannot be is said in one sentence', async () => {
  const train = (source: string) => run({ train: source, validation: 'demo', contextLength: 16 });
  await expect(train('hf:wikitext:train')).rejects.toMatchObject({
    input: true,
    hint: 'It is called Salesforce/wikitext now.',
  });
  await expect(train('hf:some/texts:dev')).rejects.toThrow('some/texts has no split "dev" in "default"');
  await expect(train('hf:some/texts:train')).rejects.toThrow(
    /has no column "text"|no text in the column "text"/,
  );
});

describe('inspecting', () => {
  const inspect = (part?: { columns?: string[]; fraction: number; rows?: number }) =>
    client.request({
      type: 'inspectDataset',
      repo: 'some/texts',
      ...(part && { part: { split: 'train', seed: 1, ...part } }),
    });

  test('lists configs and splits without reading a file', async () => {
    const { configs, part, commit } = await inspect();
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(configs).toMatchObject([
      {
        name: 'default',
        splits: [
          { name: 'train', files: 2 },
          { name: 'validation', files: 1 },
        ],
      },
    ]);
    expect(part).toBeUndefined();
    expect(fileRequests().map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/datasets\/some\/texts\/resolve\/[0-9a-f]{40}\/README\.md$/),
    ]);
  });

  test('says columns, rows, and what a fraction would fetch', async () => {
    const { part } = await inspect({ columns: ['body'], fraction: 0.3 });
    expect(part).toMatchObject({
      split: 'train',
      rows: 60,
      columns: [
        { name: 'body', type: 'text' },
        { name: 'source', type: 'text' },
      ],
      share: 0.3,
    });
    // Files as small as these are all footer.
    expect(part!.fetchBytes).toBe(part!.bytes);
  });

  test('shows the first rows where they are asked for, and says before what they take', async () => {
    const { part: before } = await inspect({ columns: ['body'], fraction: 1 });
    expect(before!.first).toBeUndefined();
    expect(before!.firstBytes).toBeGreaterThan(0);
    const { part } = await inspect({ columns: ['body'], fraction: 1, rows: 2 });
    expect(part!.first).toHaveLength(2);
    expect(HUB_DOCUMENTS[1]!.startsWith(part!.first![1]!.body!.slice(0, -1))).toBe(true);
  });
});

describe('the network', () => {
  test('what one command fetched, another does not fetch again', async () => {
    const sentBefore = server.state.bytesSent;
    await run({ train: 'demo', validation: 'hf:some/texts@main:train:body', contextLength: 16 });
    const sent = server.state.bytesSent - sentBefore;
    const fetched = fileRequests().length;
    expect(fetched).toBeGreaterThan(0);
    const asked = { split: 'train', columns: ['body'], fraction: 1, seed: 1 };
    const { part } = await client.request({ type: 'inspectDataset', repo: 'some/texts', part: asked });
    expect(fileRequests()).toHaveLength(fetched);
    // And no more than the page says before: the files, and the card.
    expect(sent).toBeLessThanOrEqual(part!.fetchBytes + 100);
  });

  test('progress counts bytes up to what was planned', async () => {
    const seen: (Event & { type: 'progress' })[] = [];
    await client.request(
      { type: 'start', runId: 'watched', recipe: recipe({ ...HUB, train: 'hf:some/texts@main:train:body' }) },
      { onEvent: (event) => void (event.type === 'progress' && event.unit === 'bytes' && seen.push(event)) },
    );
    const last = seen.at(-1)!;
    expect(last.done).toBe(last.total);
    expect(last.total).toBeGreaterThan(0);
  });

  test('a paused download waits, and goes on', async () => {
    server.state.faults.push({ path: /train-0000/, bytesPerSecond: 20_000, times: 1 });
    const body = { type: 'inspectDataset' as const, repo: 'some/texts' };
    let target = 0;
    let done = 0;
    const work = client.request(
      { ...body, part: { split: 'train', fraction: 1, seed: 1 } },
      {
        onEvent: (event) => {
          if (event.type !== 'progress') return;
          done = event.done;
          if (target > 0) return;
          target = event.id;
          void client.request({ type: 'pauseDownload', target, paused: true });
        },
      },
    );
    await expect.poll(() => target).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const paused = done;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(done).toBe(paused);
    await client.request({ type: 'pauseDownload', target, paused: false });
    expect((await work).part!.rows).toBe(60);
  });
});

test('a token opens what is gated and leaves the session nowhere else', async () => {
  server.state.tokens['datasets/some/texts'] = TOKEN;
  const source = 'hf:some/texts@main:validation:body';
  const attempt = () => run({ train: 'demo', validation: source, contextLength: 16 });
  await expect(attempt()).rejects.toThrow(/answered 401 for data set some\/texts/);
  await client.request({ type: 'setHub', hubUrl: server.url, hubToken: TOKEN });
  const result = await attempt();
  expect(result.perplexityAfter!.tokens).toBeGreaterThan(0);
  await client.request({ type: 'setHub', hubUrl: server.url });
  expect(JSON.stringify([events, result])).not.toContain(TOKEN);
  expect(
    fileRequests().filter(({ path, authorization }) => path.startsWith('/cdn/') && authorization),
  ).toEqual([]);
});

test('rows that are lines of one text are the same run as that text, and are warned of as documents', async () => {
  const path = jsonl.replace('texts.jsonl', 'wiki.txt');
  writeFileSync(path, WIKI_LINES.join(''));
  const source = 'hf:Salesforce/wikitext/wikitext-2-raw-v1:train';
  const data = (part: { source: string; join?: string }) => ({
    train: part,
    validation: part,
    contextLength: 16,
  });
  const local = await run(data({ source: `file:${path}` }));
  events.length = 0;
  const joined = await run(data({ source, join: '' }));
  expect(joined.perplexityAfter).toEqual(local.perplexityAfter);
  expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
  const apart = await run(data({ source }));
  expect(apart.perplexityAfter).not.toEqual(local.perplexityAfter);
  const [warning] = events.filter((event) => event.type === 'warning');
  expect(warning?.message).toMatch(
    /^The rows of WikiText-2, raw are single lines.*"join": "" beside the source/,
  );
});
