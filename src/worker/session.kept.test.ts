/** What a session keeps of texts on the disk, counts and clears. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeeping, notingFiles } from '../io/kept';
import { keptFolders } from '../io/kept.node';
import { folderFiles } from '../io/rangeFiles.node';
import type { RecipeInput } from '../recipe/recipe';
import { prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import { createSession } from './session';

const folder = mkdtempSync(join(tmpdir(), 'decant-kept-'));
const [tokens, downloads] = [join(folder, 'tokens'), join(folder, 'downloads')];

let client: Client;
let close: () => void;

beforeAll(async () => {
  for (const name of ['a', 'b'])
    writeFileSync(
      join(folder, `${name}.txt`),
      Array.from({ length: 40 }, (_, i) => prose(40, i)).join('<|endoftext|>'),
    );
  const places = { downloads: keptFolders(downloads), tokens: keptFolders(tokens) };
  const { openData } = nodePlatform(fileURLToPath(new URL('../..', import.meta.url)));
  const platform = tinyPlatform({
    ...(openData && { openData }),
    tokens: () => Promise.resolve(notingFiles(folderFiles(tokens), places.tokens)),
    kept: createKeeping(places, () => Promise.resolve(1e6)),
  });
  const ends = portPair();
  createSession(ends[1], platform);
  client = createClient(ends[0]);
  close = () => ends.forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

const recipe = (name: string, steps: number): RecipeInput => {
  const source = `file:${join(folder, `${name}.txt`)}`;
  return {
    version: 1,
    teacher: { model: 'demo' },
    selection: { layers: [0, 11] },
    data: { train: source, validation: source, contextLength: 16 },
    stages: [{ method: 'fine-tune', steps, batchSize: 2 }],
    evaluation: { every: 0, window: 16, stride: 16, maxTokens: 64 },
  };
};

test('counts the tokens of texts, clears them between runs only, and makes them anew', async () => {
  const run = (name: string) => client.request({ type: 'start', runId: name, recipe: recipe(name, 1) });
  const { loss } = await run('a');
  const kept = await client.request({ type: 'kept' });
  expect(kept).toEqual({ downloads: 0, tokens: kept.tokens, limit: 1e6 });
  // 40 texts of bytes as 16-bit ids.
  expect(kept.tokens).toBeGreaterThan(2 * 40 * 40);

  const long = client.request({ type: 'start', runId: 'long', recipe: recipe('b', 100_000) });
  const clearing = client.request({ type: 'clearKept', kinds: ['tokens'] });
  await expect(clearing).rejects.toThrow('a run is in progress and reads what is kept');
  const during = await client.request({ type: 'kept' });
  expect(during.tokens).toBeGreaterThanOrEqual(kept.tokens);
  await new Promise<void>((resolve) => client.onEvent(({ type }) => type === 'steps' && resolve()));
  await client.request({ type: 'stop' });
  await long;

  const cleared = await client.request({ type: 'clearKept', kinds: ['tokens', 'downloads'] });
  expect(cleared).toEqual({ downloads: 0, tokens: 0, limit: 1e6 });
  expect(readdirSync(tokens)).toEqual([]);
  expect((await run('a')).loss).toBe(loss);
  expect(readdirSync(tokens)).toHaveLength(1);
});
