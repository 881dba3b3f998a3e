/** A run whose stages learn from data of their own: text, other text, a task; on the fixtures' tiny GPT-2. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RecipeInput } from '../recipe/recipe';
import { memorySnapshots, prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import type { SnapshotStore } from './platform';
import { nodePlatform } from './platform.node';
import { portPair, type ClosablePort } from './port';
import type { Event } from './protocol';
import { createSession } from './session';

const { openData } = nodePlatform(fileURLToPath(new URL('../..', import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'decant-pipeline-'));
const other = `file:${join(folder, 'other.txt')}`;
const rows = `file:${join(folder, 'rows.jsonl')}`;

let ends: ClosablePort[] = [];
const close = () => ends.splice(0).forEach((end) => end.close());
afterEach(close);

/** A new session, as after a crash; `snapshots` are what a disk has kept. */
async function connect(snapshots = memorySnapshots()): Promise<{ client: Client; events: Event[] }> {
  close();
  // Node clones a File into a Blob without a name; browsers do not.
  const pair = portPair((message) => message);
  ends = [...pair];
  createSession(pair[1], tinyPlatform({ openData, snapshots }));
  const client = createClient(pair[0]);
  const events: Event[] = [];
  client.onEvent((event) => events.push(event));
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
  return { client, events };
}

beforeAll(() => {
  writeFileSync(join(folder, 'other.txt'), prose(3000, 8));
  const lines = Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({
      text: `${i % 2 ? 'good' : 'bad'} ${i % 9}`,
      mood: i % 2 ? 'up' : 'down',
      kind: 'abc'[i % 3],
    }),
  );
  writeFileSync(join(folder, 'rows.jsonl'), lines.join('\n'));
});

const optimizer = { learningRate: 0.003, warmupSteps: 1 };
const task = {
  kind: 'task' as const,
  task: 'custom' as const,
  ...{ columns: { text: ['text'], label: 'mood' }, labels: ['down', 'up'] },
  ...{ train: rows, validation: rows, maxLength: 16 },
};
const pipeline: RecipeInput = {
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 11] },
  data: { contextLength: 16 },
  stages: [
    {
      method: 'fine-tune',
      ...{ steps: 4, batchSize: 2, dropout: 0.1, optimizer },
      data: { train: other, validation: other, contextLength: 24 },
    },
    { method: 'vanilla-kd', steps: 4, batchSize: 3, gradAccumSteps: 2, optimizer },
    { method: 'fine-tune', steps: 4, batchSize: 4, optimizer, data: task },
  ],
  evaluation: { every: 3, window: 32, stride: 32, maxTokens: 64 },
};

const start = (client: Client, more: object = {}, recipe = pipeline) =>
  client.request({ type: 'start', runId: 'run', recipe, reportEvery: 1, ...more });
const weightsOf = async (client: Client) => {
  const files = await client.request({ type: 'export', runId: 'run', dtype: 'f32' });
  return files.find(({ name }) => name.endsWith('.safetensors'))!.bytes;
};
const lossesOf = (events: readonly Event[]) =>
  events.flatMap((event) =>
    event.type === 'steps' ? event.steps.map(({ step, loss }) => [step, loss]) : [],
  );
const measuredIn = (events: readonly Event[]) =>
  events.flatMap((event) =>
    event.type === 'eval' || event.type === 'scores'
      ? [`${event.type} ${event.stage} ${event.at} ${event.step} ${event.data}`]
      : [],
  );

describe('text, other text, a task', () => {
  test('are learnt in one run, each measured on its own, and all of a kind at every border', async () => {
    const { client, events } = await connect();
    const result = await start(client);
    expect(measuredIn(events)).toEqual([
      'eval 0 start 0 demo',
      `eval 0 start 0 ${other}`,
      `eval 0 within 3 ${other}`,
      'eval 0 end 4 demo',
      `eval 0 end 4 ${other}`,
      'eval 1 within 6 demo',
      'eval 1 end 8 demo',
      `eval 1 end 8 ${other}`,
      'scores 2 start 8 custom',
      'scores 2 within 9 custom',
      'scores 2 end 12 custom',
    ]);
    expect(result).toMatchObject({ steps: 12, perplexityBefore: { tokens: 64 } });
    expect(result.perplexityBefore!.protocol).toBeUndefined();
    // Of the recipe's own set, at the last border that is a text's.
    const last = events.find((event) => event.type === 'eval' && event.step === 8 && event.data === 'demo');
    expect(last).toMatchObject(result.perplexityAfter!);
    expect(result.scoresBefore!.loss).not.toBe(result.scoresAfter!.loss);
    expect(result.teacherPerplexity!.tokens).toBe(64);
    // Batches of 2 × 24, then 2 × 3 × 16; rows of a task are padded to multiples of 8.
    const tokens = events
      .flatMap((event) => (event.type === 'steps' ? event.steps : []))
      .map((step) => step.tokens);
    expect(tokens.slice(0, 8)).toEqual([48, 96, 144, 192, 288, 384, 480, 576]);
    const config = (await client.request({ type: 'export', runId: 'run', dtype: 'f32' }))[0]!;
    expect(JSON.parse(new TextDecoder().decode(config.bytes))).toMatchObject({ num_labels: 2, n_layer: 2 });
  });

  test('data that cannot be read are told by the stage they are of', async () => {
    const { client } = await connect();
    const lost = { train: 'file:/nowhere/lost.txt', validation: 'demo', contextLength: 16 };
    const stages = [pipeline.stages![1]!, { ...pipeline.stages![1]!, data: lost }];
    await expect(start(client, {}, { ...pipeline, stages })).rejects.toThrow(/^stages\.1\.data: .*lost\.txt/);
  });

  test('go on from a snapshot in any stage, bit for bit', async () => {
    const whole = await connect();
    await start(whole.client);
    const [losses, weights] = [lossesOf(whole.events), await weightsOf(whole.client)];
    // Within each stage, and at the borders.
    for (const last of [2, 4, 6, 8, 10]) {
      const snapshots = memorySnapshots();
      const crash: SnapshotStore = {
        ...snapshots,
        save: (runId, snapshot) =>
          snapshot.step > last
            ? Promise.reject(new Error('the disk is full'))
            : snapshots.save(runId, snapshot),
      };
      const first = await connect(crash);
      await expect(start(first.client, { snapshotEvery: 1 })).rejects.toThrow('the disk is full');
      const again = await connect(snapshots);
      const result = await start(again.client, { resume: true });
      expect(result).toMatchObject({ steps: 12, stopped: false });
      expect([last, lossesOf(again.events)]).toEqual([last, losses.slice(last)]);
      expect(Buffer.compare(await weightsOf(again.client), weights)).toBe(0);
      // What a border measures is measured, whoever stopped before it could.
      expect(measuredIn(again.events).at(-1)).toBe('scores 2 end 12 custom');
    }
  });

  test('a student that is stopped before its task is still a language model', async () => {
    const { client } = await connect();
    client.onEvent((event) => {
      if (event.type === 'eval' && event.data !== 'demo') void client.request({ type: 'stop' });
    });
    const result = await start(client);
    expect(result.stopped).toBe(true);
    expect(result.scoresAfter).toBeUndefined();
    const { ids } = await client.request({
      type: 'generate',
      model: 'run:run',
      ...{ prompt: 'the', maxNewTokens: 2, temperature: 0, topK: 0, seed: 1 },
    });
    expect(ids.length).toBeGreaterThan(0);
  });

  test('a teacher of the task is made by its own stages, and texts have the one that was loaded', async () => {
    const { client, events } = await connect();
    const stages = [...pipeline.stages!.slice(1, 2), { ...pipeline.stages![2]!, method: 'vanilla-kd' }];
    const teach = { method: 'fine-tune', steps: 8, batchSize: 8, optimizer, data: task };
    const alone = start(client, {}, { ...pipeline, stages });
    await expect(alone).rejects.toThrow('a stage needs a teacher of the task, and demo is a language model');
    const teacher = { model: 'demo', stages: [teach] };
    const result = await start(client, {}, { ...pipeline, teacher, stages });
    expect(result.teacherScores!.loss).toBeGreaterThan(0);
    const plain = await start(client, {}, { ...pipeline, stages: stages.slice(0, 1) });
    expect(result.teacherPerplexity).toEqual(plain.teacherPerplexity);
    expect(measuredIn(events)).toContain('scores 1 end 8 custom');
  });

  test('what the model cannot read is refused by its path before anything runs', async () => {
    const { client, events } = await connect();
    const [stage] = pipeline.stages!;
    const long = { ...stage!, data: { train: other, validation: other, contextLength: 300 } };
    await expect(start(client, {}, { ...pipeline, stages: [long] })).rejects.toThrow(
      'stages.0.data.contextLength is 300, and the model reads at most 128 tokens',
    );
    expect(events.some(({ type }) => type === 'runStarted')).toBe(false);
  });
});

describe('several tasks', () => {
  const other = { ...task, columns: { text: ['text'], label: 'kind' }, labels: ['a', 'b', 'c'] };
  const learn = (data: object, method = 'fine-tune') => ({ ...pipeline.stages![2]!, method, data });
  const text = pipeline.stages!.slice(1, 2);
  const recipe = (...stages: object[]) => ({ ...pipeline, stages: [...text, ...stages] }) as RecipeInput;
  const both = recipe(learn(task), learn(task), learn(other));

  test('each begin from the student as the texts have left it, and end with their own head', async () => {
    const { client, events } = await connect();
    await start(client, {}, both);
    expect(measuredIn(events).filter((line) => line.startsWith('scores'))).toEqual([
      'scores 1 start 4 custom',
      'scores 1 within 6 custom',
      'scores 1 end 8 custom',
      'scores 2 within 9 custom',
      'scores 2 end 12 custom',
      'scores 3 start 12 custom 2',
      'scores 3 within 15 custom 2',
      'scores 3 end 16 custom 2',
    ]);
    const weights = await weightsOf(client);
    const last = lossesOf(events).slice(12);
    // The other task alone: its stage is another one, so only what does not hang on its number is the same.
    const alone = await connect();
    await start(alone.client, {}, recipe(learn(other)));
    const firstOf = (found: readonly Event[], data: string) =>
      found.find((event) => event.type === 'scores' && event.data === data && event.at === 'start');
    const { loss, metrics } = firstOf(events, 'custom 2') as { loss: number; metrics: object } & Event;
    expect(firstOf(alone.events, 'custom')).toMatchObject({ loss, metrics });

    for (const kept of [4, 6, 8, 12, 14]) {
      const snapshots = memorySnapshots();
      const crash: SnapshotStore = {
        ...snapshots,
        save: (runId, snapshot) =>
          snapshot.step > kept
            ? Promise.reject(new Error('the disk is full'))
            : snapshots.save(runId, snapshot),
      };
      const first = await connect(crash);
      await expect(start(first.client, { snapshotEvery: 1 }, both)).rejects.toThrow('the disk is full');
      const again = await connect(snapshots);
      await start(again.client, { resume: true }, both);
      const ahead = last.filter(([step]) => step! > kept);
      expect([kept, lossesOf(again.events).slice(-ahead.length)]).toEqual([kept, ahead]);
      expect(Buffer.compare(await weightsOf(again.client), weights)).toBe(0);
    }
  });

  test('are refused where a teacher would need several heads, or a task comes back', async () => {
    const { client } = await connect();
    const distilled = start(client, {}, recipe(learn(task), learn(other, 'vanilla-kd')));
    await expect(distilled).rejects.toThrow('a run with several tasks distils one of them');
    const back = start(client, {}, recipe(learn(task), learn(other), learn(task)));
    await expect(back).rejects.toThrow('stages.3 learns custom again after custom');
  });
});

test('a text from the page and the same text from a path give the same batches in the same order', async () => {
  const recipe = (source: string): RecipeInput => ({
    ...pipeline,
    data: { train: source, validation: source, contextLength: 16 },
    stages: [{ method: 'fine-tune', epochs: 0.2, batchSize: 4, optimizer }],
  });
  const path = await connect();
  await start(path.client, {}, recipe(other));
  const page = await connect();
  await page.client.request({ type: 'loadModel', model: { kind: 'demo' } });
  const files = [new File([prose(3000, 8)], 'other.txt')];
  await page.client.request({
    type: 'loadText',
    text: { kind: 'files', name: 'other.txt', files },
    contextLength: 16,
  });
  await start(page.client, {}, recipe('text:other.txt'));
  expect(lossesOf(page.events).length).toBeGreaterThan(10);
  expect(lossesOf(page.events)).toEqual(lossesOf(path.events));
});

test('a run is measured by its protocol, per word of the text as it came', async () => {
  const { client, events } = await connect();
  const evaluate = async (evaluation: RecipeInput['evaluation']) => {
    const recipe = {
      ...pipeline,
      stages: [],
      evaluation: { window: 32, stride: 16, maxTokens: 0, ...evaluation },
    };
    return (await start(client, {}, recipe)).perplexityBefore!;
  };
  const [token, word] = [await evaluate({}), await evaluate({ unit: 'word' })];
  // The demo's validation text is one document of 60 words behind an end-of-text token; all but that one are scored.
  expect(word).toMatchObject({ unit: 'word', words: 60, loss: token.loss, tokens: token.tokens });
  expect(word.perplexity).toBeCloseTo(
    Math.exp((token.loss * token.tokens) / 60),
    6 - Math.ceil(Math.log10(word.perplexity)),
  );
  expect(token.words).toBeUndefined();
  expect(events.flatMap((event) => (event.type === 'eval' ? [event.unit] : []))).toEqual(['token', 'word']);
});
