import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../io/checkpoint';
import { memoryFileSet } from '../io/source';
import { folderFileSet } from '../io/source.node';
import type { RecipeInput } from '../recipe/recipe';
import { fixtureFolder, memorySnapshots, prose, tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import type { Platform } from './platform';
import { portPair, type ClosablePort } from './port';
import type { Event, ExportedFile } from './protocol';
import { createSession } from './session';

let client: Client;
let events: Event[];
let ends: ClosablePort[];

async function connect(change: Partial<Platform> = {}, pair = portPair()): Promise<void> {
  ends = pair;
  createSession(ends[1]!, tinyPlatform(change));
  client = createClient(ends[0]!);
  events = [];
  client.onEvent((event) => events.push(event));
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
}

beforeEach(() => connect());
afterEach(() => ends.forEach((end) => end.close()));

const recipe = (change: Partial<RecipeInput> = {}): RecipeInput => ({
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 6, 11] },
  data: { contextLength: 16 },
  stages: [{ method: 'vanilla-kd', steps: 4, batchSize: 2, optimizer: { warmupSteps: 0 } }],
  evaluation: { every: 2, window: 32, stride: 32, maxTokens: 64 },
  ...change,
});

const start = (runId: string, given = recipe(), more = {}) =>
  client.request({ type: 'start', runId, recipe: given, reportEvery: 1, ...more });

/** Resolves with the first event that fits. */
function event(fits: (event: Event) => boolean): Promise<Event> {
  return new Promise((resolve) => {
    const stop = client.onEvent((candidate) => {
      if (!fits(candidate)) return;
      stop();
      resolve(candidate);
    });
  });
}

const isState = (state: string) => (candidate: Event) =>
  candidate.type === 'runState' && candidate.state === state;
const stepsOf = (runId: string) =>
  events.flatMap((each) => (each.type === 'steps' && each.runId === runId ? each.steps : []));
const loadDemo = () => client.request({ type: 'loadModel', model: { kind: 'demo' } });

describe('loading', () => {
  test('open says which device and methods there are', async () => {
    const { device, methods } = await client.request({ type: 'open', device: 'wasm', hubUrl: '' });
    expect(device.backend).toBe('wasm');
    expect(methods.map(({ id }) => id)).toEqual(expect.arrayContaining(['fine-tune', 'vanilla-kd']));
    expect(methods.find(({ id }) => id === 'vanilla-kd')).toMatchObject({ needsTeacher: true });
  });

  test('a model is described without its weights being read', async () => {
    expect(await loadDemo()).toMatchObject({
      ref: 'demo',
      parameters: 172_992,
      bytes: 691_968,
      dtype: 'F32',
      tokenizer: 'own',
      warnings: [],
      config: { nLayer: 12, nEmbd: 32 },
    });
    expect(tf.memory().numTensors).toBe(0);
  });

  test('an error arrives with its name, its hint and whose fault it is', async () => {
    const failed = client.request({ type: 'loadModel', model: { kind: 'path', path: '/no/such/folder' } });
    await expect(failed).rejects.toMatchObject({
      name: 'SourceError',
      message: 'cannot read /no/such/folder: there is no such folder',
      hint: 'Give the folder that holds config.json and the weights.',
      input: true,
    });
  });

  test('a model that nobody loaded is named, with those that are there', async () => {
    await loadDemo();
    const failed = client.request({ type: 'measure', model: 'run:none', layers: [0] });
    await expect(failed).rejects.toThrow('the model "run:none" is not loaded');
  });

  test('a text is shown as the loaded model sees it', async () => {
    // Node clones a File into a Blob without a name; browsers do not.
    await connect(
      {},
      portPair((message) => message),
    );
    await loadDemo();
    const files = [new File([prose(4000, 9)], 'words.txt')];
    const card = await client.request({
      type: 'loadText',
      text: { kind: 'files', name: 'words.txt', files },
      contextLength: 16,
    });
    expect(card).toMatchObject({ ref: 'text:words.txt', name: 'words.txt', warnings: [] });
    expect(card.trainTokens + card.validationTokens).toBeGreaterThan(12_000);
    expect(card.preview[0]!.tokens).toHaveLength(16);
    expect(card.preview[0]!.tokens[0]).toMatchObject({ start: true });
  });
});

describe('measuring', () => {
  test('layer sets share the uploaded weights, and a set is measured once', async () => {
    await loadDemo();
    const measure = (layers: number[]) => client.request({ type: 'measure', model: 'demo', layers });
    const whole = await measure([...Array(12).keys()]);
    const uploaded = tf.memory().numTensors;
    const some = await measure([11, 0]);
    expect(tf.memory().numTensors).toBe(uploaded);
    expect(some.perplexity).not.toBe(whole.perplexity);
    expect(some.tokens).toBe(whole.tokens);
    const progress: Event[] = [];
    const again = await client.request(
      { type: 'measure', model: 'demo', layers: [0, 11] },
      { onEvent: (each) => progress.push(each) },
    );
    expect(again).toEqual(some);
    expect(progress).toEqual([]);
  });

  test('ids that the caller brings give the perplexity of the fixtures', async () => {
    const fixture = (await import('../../fixtures/perplexity.json')).default;
    const report = await client.request({
      type: 'evaluate',
      model: fixtureFolder('gpt2-tiny'),
      input: { ids: fixture.tokens },
      window: 128,
      stride: 128,
    });
    const expected = fixture.teacher.non_overlapping;
    expect(report.tokens).toBe(expected.scored_tokens);
    // fixtures/README.md, perplexity.
    expect(Math.abs(report.perplexity / expected.perplexity - 1)).toBeLessThan(2e-6);
  });

  test('an id beyond the vocabulary is refused', async () => {
    const input = { ids: [1, 512] };
    const failed = client.request({ type: 'evaluate', model: 'demo', input, window: 2, stride: 2 });
    await expect(failed).rejects.toThrow("token 512 is not in the model's vocabulary of 512");
  });

  test('a sweep gives a row for each candidate as it goes', async () => {
    const rows: Event[] = [];
    const candidates = [
      { strategy: 'uniform', keep: 2, layers: [0, 11] },
      { strategy: 'top-half', keep: 1, layers: [6] },
    ];
    const answer = await client.request(
      { type: 'sweep', model: 'demo', candidates },
      { onEvent: (each) => each.type === 'sweepRow' && rows.push(each) },
    );
    expect(answer).toHaveLength(2);
    expect(rows.map((each) => each.type === 'sweepRow' && each.row)).toEqual(answer);
  });

  test('a cancelled sweep ends with a CancelledError', async () => {
    const abort = new AbortController();
    const candidates = [...Array(12).keys()].map((layer) => ({
      strategy: 'manual',
      keep: 1,
      layers: [layer],
    }));
    const failed = client.request(
      { type: 'sweep', model: 'demo', candidates },
      { signal: abort.signal, onEvent: (each) => each.type === 'sweepRow' && abort.abort() },
    );
    await expect(failed).rejects.toMatchObject({ name: 'CancelledError' });
  });
});

describe('a run', () => {
  test('says everything in order and leaves a student', async () => {
    const result = await start('a');
    expect(events[0]).toMatchObject({ type: 'runState', state: 'preparing' });
    expect(events.find((each) => each.type === 'runStarted')).toMatchObject({
      layers: [0, 6, 11],
      totalSteps: 4,
      stageSteps: [4],
    });
    const marks = events.flatMap((each) => {
      if (each.type === 'steps') return each.steps.map(({ step }) => `step ${step}`);
      return each.type === 'eval' ? [`eval ${each.step}`] : [];
    });
    expect(marks).toEqual(['eval 0', 'step 1', 'step 2', 'eval 2', 'step 3', 'step 4', 'eval 4']);
    const [first] = stepsOf('a');
    expect(first!.terms.hard! + first!.terms.soft!).toBeCloseTo(first!.loss, 5);
    expect(result).toMatchObject({ runId: 'a', steps: 4, layers: [0, 6, 11], stopped: false });
    expect(result.perplexityAfter!.perplexity).toBeLessThan(result.perplexityBefore!.perplexity);
    expect(result.loss).toBe(stepsOf('a').at(-1)!.loss);
    expect(result.teacherPerplexity).toMatchObject({ tokens: 64, window: 32 });

    const generated = await client.request({
      type: 'generate',
      model: 'run:a',
      prompt: 'the',
      maxNewTokens: 5,
      temperature: 0,
      topK: 0,
      seed: 1,
    });
    expect(generated.ids).toHaveLength(5);
  });

  test('the same seed gives the same losses, bit for bit', async () => {
    await start('a');
    await start('b');
    const losses = (runId: string) => stepsOf(runId).map(({ loss }) => loss);
    expect(losses('b')).toEqual(losses('a'));
    expect(losses('a')).toHaveLength(4);
  });

  test('without a stage the student is the truncated teacher, bit by bit', async () => {
    await start('a', recipe({ stages: [] }));
    const files: ExportedFile[] = await client.request({ type: 'export', runId: 'a', dtype: 'f32' });
    expect(files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    const student = await openCheckpoint(
      memoryFileSet('student', new Map(files.map(({ name, bytes }) => [name, bytes]))),
    );
    const teacher = await openCheckpoint(await folderFileSet(fixtureFolder('gpt2-tiny')));
    expect(student.tensors.size).toBe(4 + 3 * 12);
    for (const [kept, source] of [0, 6, 11].entries()) {
      const name = 'mlp.c_fc.weight';
      const { bytes } = await teacher.readRaw(`h.${source}.${name}`);
      expect((await student.readRaw(`h.${kept}.${name}`)).bytes).toEqual(bytes);
    }
  });

  test('parts are named with their steps, and what a method draws for an epoch is told before them', async () => {
    await loadDemo();
    const stages: RecipeInput['stages'] = [
      { method: 'annealing-kd', steps: 2, batchSize: 1, settings: { share: 0.5 } },
      { method: 'rail-kd', steps: 1, batchSize: 1, settings: { width: 4 } },
    ];
    await start('a', recipe({ stages, evaluation: { every: 0, maxTokens: 32, window: 32, stride: 32 } }));
    expect(stepsOf('a').map(({ part, terms }) => [part, Object.keys(terms)])).toEqual([
      ['soft phase', ['soft']],
      ['hard phase', ['hard']],
      [undefined, ['hard', 'soft', 'rail']],
    ]);
    const at = events.findIndex(({ type }) => type === 'epoch');
    expect(events[at]).toMatchObject({ runId: 'a', stage: 1, epoch: 0 });
    const { state } = events[at] as Extract<Event, { type: 'epoch' }>;
    expect(state).toHaveLength(2);
    expect(events.findLastIndex(({ type }) => type === 'steps')).toBeGreaterThan(at);
  });

  test('a student teaches the next one', async () => {
    await start('a');
    const result = await start('b', recipe({ teacher: { model: 'run:a' }, selection: { layers: [1] } }));
    expect(result.layers).toEqual([1]);
    await expect(
      start('c', recipe({ teacher: { model: 'run:a' }, selection: { layers: [3] } })),
    ).rejects.toThrow('the teacher has no layer 3');
  });

  test('a new model is trained from scratch with the tokenizer of the demo', async () => {
    const config = { n_layer: 1, n_head: 2, n_embd: 8, n_positions: 32, vocab_size: 257 };
    const fresh = recipe({
      teacher: { model: { config } },
      selection: null,
      stages: [{ method: 'fine-tune', steps: 2, batchSize: 2 }],
    });
    const { perplexityBefore } = await start('a', fresh);
    // Hardly better than chance before training: 257 tokens, weights near zero.
    expect(perplexityBefore!.perplexity).toBeGreaterThan(200);
  });

  test('nothing stays on the device when a run is forgotten', async () => {
    await start('warm');
    await client.request({ type: 'forget', runId: 'warm' });
    const before = tf.memory().numTensors;
    await start('a');
    await client.request({ type: 'forget', runId: 'a' });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a wrong field of the recipe is named, and nothing is left', async () => {
    await expect(start('a', { ...recipe(), steps: 3 } as RecipeInput)).rejects.toMatchObject({
      name: 'RecipeError',
      message: 'steps is not a field of a recipe',
      input: true,
    });
    await expect(start('b', recipe({ data: { contextLength: 999 } }))).rejects.toMatchObject({
      input: expect.any(Boolean) as boolean,
    });
    // The next one is not kept waiting.
    expect((await start('c')).steps).toBe(4);
  });
});

describe('during a run', () => {
  const long = () =>
    recipe({
      stages: [{ method: 'fine-tune', steps: 400, batchSize: 2 }],
      evaluation: { every: 0, window: 32, stride: 32, maxTokens: 32 },
    });

  test('a second one, a measurement and forgetting it are refused with a sentence', async () => {
    const running = event(isState('running'));
    const run = start('a', long());
    await running;
    await expect(start('b')).rejects.toThrow('run a is in progress');
    await expect(client.request({ type: 'measure', model: 'demo', layers: [0] })).rejects.toThrow(
      'run a is training, and the device has no time for anything else',
    );
    await expect(client.request({ type: 'forget', runId: 'a' })).rejects.toThrow('run a is in progress');
    await client.request({ type: 'stop' });
    expect((await run).stopped).toBe(true);
  });

  test('pause stands still, one step is one step, a paused run lets others compute, stop keeps the student', async () => {
    const first = event((each) => each.type === 'steps');
    const run = start('a', long());
    await first;
    await client.request({ type: 'pause' });
    const standing = stepsOf('a').at(-1)!.step;
    await client.request({ type: 'stepOnce' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stepsOf('a').at(-1)!.step).toBe(standing + 1);
    expect((await client.request({ type: 'measure', model: 'demo', layers: [0] })).tokens).toBeGreaterThan(0);
    const evaluations = () => events.filter((each) => each.type === 'eval').length;
    const before = evaluations();
    await client.request({ type: 'evaluateNow' });
    expect(evaluations()).toBe(before + 1);
    await client.request({ type: 'stop' });
    const result = await run;
    expect(result).toMatchObject({ stopped: true, steps: standing + 1 });
    expect(await client.request({ type: 'export', runId: 'a', dtype: 'f16' })).toHaveLength(3);
  });

  test('without a run its buttons say so', async () => {
    await expect(client.request({ type: 'pause' })).rejects.toThrow('no run is in progress');
  });
});

test('a resumed run ends with the weights of one that never stopped', async () => {
  await connect({ snapshots: memorySnapshots() });
  const stages = (steps: number) =>
    recipe({
      stages: [
        { method: 'vanilla-kd', steps, batchSize: 2, optimizer: { schedule: 'constant', warmupSteps: 0 } },
      ],
    });
  await start('whole', stages(6));
  await start('parts', stages(3), { snapshotEvery: 3 });
  events.length = 0;
  await start('parts', stages(6), { snapshotEvery: 3, resume: true });
  expect(stepsOf('parts').map(({ step }) => step)).toEqual([4, 5, 6]);
  const weights = async (runId: string) =>
    (await client.request({ type: 'export', runId, dtype: 'f32' })).find(
      ({ name }) => name === 'model.safetensors',
    )!.bytes;
  expect(await weights('parts')).toEqual(await weights('whole'));
});

test('a model that is loaded again during a run leaves the run its teacher', async () => {
  const first = event((each) => each.type === 'steps');
  const run = start('a', recipe({ evaluation: { every: 0, window: 32, stride: 32, maxTokens: 64 } }));
  await first;
  await loadDemo();
  expect((await run).steps).toBe(4);
});

test('loading another model takes the weights of the one before off the device, until they are needed', async () => {
  const before = tf.memory().numTensors;
  await loadDemo();
  const measure = () => client.request({ type: 'measure', model: 'demo', layers: [3] });
  const first = await measure();
  expect(tf.memory().numTensors).toBeGreaterThan(before + 10);
  await client.request({ type: 'loadModel', model: { kind: 'path', path: fixtureFolder('gpt2-tiny-f16') } });
  expect(tf.memory().numTensors).toBe(before);
  const input = { ids: [1, 2, 3, 4] };
  const report = await client.request({ type: 'evaluate', model: 'demo', input, window: 4, stride: 4 });
  expect(report.tokens).toBe(3);
  expect(await measure()).toEqual(first);
});

test('whoever waits is told when the other end is gone', async () => {
  const waiting = client.request({ type: 'measure', model: 'demo', layers: [0] });
  client.fail({ name: 'WorkerError', message: 'the worker has ended', input: false });
  await expect(waiting).rejects.toThrow('the worker has ended');
  await expect(loadDemo()).rejects.toThrow('the worker has ended');
});
