/** Every task from its real file to its metrics, on a tiny model: train a few steps, evaluate, export, load again. */
import { existsSync, readFileSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAMED_TASKS } from '../data/tasks';
import type { TaskData } from '../recipe/data';
import type { RecipeInput } from '../recipe/recipe';
import { memoryFileSet, type FileSet } from '../io/source';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import type { Event } from './protocol';
import { createSession } from './session';

const root = fileURLToPath(new URL('../..', import.meta.url));
const data = join(root, '../shared/data');
const folder = mkdtempSync(join(tmpdir(), 'decant-tasks-'));

let client: Client;
let close: () => void;
const events: Event[] = [];
/** What was exported, by folder name, for the session to open. */
const exported = new Map<string, FileSet>();

beforeAll(async () => {
  const ends = portPair();
  const { openData } = nodePlatform(root);
  const openFolder = (path: string) =>
    exported.has(path)
      ? Promise.resolve(exported.get(path)!)
      : Promise.reject(new Error(`no folder ${path}`));
  createSession(ends[1], tinyPlatform({ openData, openFolder }));
  client = createClient(ends[0]);
  client.onEvent((event) => events.push(event));
  close = () => ends.forEach((end) => end.close());
  await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' });
});
afterAll(() => close());

const fewSteps = (
  data: Partial<TaskData> & Pick<TaskData, 'task'>,
  change: Partial<RecipeInput> = {},
): RecipeInput => ({
  version: 1,
  teacher: { model: 'demo' },
  selection: { layers: [0, 11] },
  data: { kind: 'task', maxLength: 32, ...data },
  stages: [{ method: 'fine-tune', steps: 2, batchSize: 2, optimizer: { warmupSteps: 0 } }],
  evaluation: { every: 0, maxRows: 8 },
  ...change,
});

const FILES: Record<string, string> = { 'glue/mnli': 'validation_matched' };
const realTasks = NAMED_TASKS.filter(({ id }) => !id.startsWith('wordnet/'));

if (!existsSync(data)) console.warn(`no tasks' files in ${data}: the tests on real files are skipped`);

describe.skipIf(!existsSync(data))('the real files of every task', () => {
  test.each(realTasks.map(({ id, metrics }) => ({ id, metrics })))('$id', async ({ id, metrics }) => {
    const place = join(data, id.replace('superglue', 'super_glue'));
    const file = (name: string) => `file:${join(place, name)}.jsonl`;
    const recipe = fewSteps({
      task: id,
      train: { source: file('train'), fraction: 0.01 },
      validation: file(FILES[id] ?? 'validation'),
      ...(id === 'glue/mnli' && { validationMismatched: file('validation_mismatched_sample') }),
    });
    const result = await client.request({ type: 'start', runId: id, recipe });
    expect(result.steps).toBe(2);
    expect(Number.isFinite(result.loss)).toBe(true);
    const { scoresBefore, scoresAfter } = result;
    const expected: string[] = [...metrics];
    if (id === 'glue/mnli') expected.push('accuracyMismatched');
    for (const scores of [scoresBefore!, scoresAfter!]) {
      expect(Object.keys(scores.metrics)).toEqual(expected);
      for (const value of Object.values(scores.metrics)) expect(value).toBeGreaterThanOrEqual(-1);
      expect(scores.rows).toBe(8);
      expect(scores.majority).toBeGreaterThanOrEqual(1 / 3);
    }
    // The weights moved, and with them the loss on rows that were not trained on.
    expect(scoresAfter!.loss).not.toBe(scoresBefore!.loss);
    await client.request({ type: 'forget', runId: id });
  });

  test('no row of any of these files is left out', () => {
    const complaints = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(complaints.filter((message) => message.includes('left out'))).toEqual([]);
    // 32 tokens of one byte each: nearly every input is longer, and that is said.
    expect(complaints.some((message) => message.includes('truncated'))).toBe(true);
  });
});

describe('a small task of two files', () => {
  const rows = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      text: `${i % 2 ? 'good' : 'bad'} ${i % 7}`,
      mood: i % 2 ? 'up' : 'down',
    }));
  const custom = {
    task: 'custom' as const,
    columns: { text: ['text'], label: 'mood' },
    labels: ['down', 'up'],
  };
  const train = `file:${join(folder, 'train.csv')}`;
  const held = `file:${join(folder, 'held.jsonl')}`;

  beforeAll(() => {
    const csv = ['text,mood', ...rows(40).map(({ text, mood }) => `${text},${mood}`), ',up', 'odd,sideways'];
    writeFileSync(join(folder, 'train.csv'), `${csv.join('\n')}\n`);
    writeFileSync(
      join(folder, 'held.jsonl'),
      rows(10)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
  });

  test('a classifier learns it, is exported as transformers has it, and loaded again gives the same numbers', async () => {
    const before = events.length;
    const stages = [
      { method: 'fine-tune', steps: 12, batchSize: 8, optimizer: { learningRate: 0.01, warmupSteps: 0 } },
    ];
    const recipe = fewSteps({ ...custom, train, validation: held }, { stages, evaluation: { every: 0 } });
    const result = await client.request({ type: 'start', runId: 'mood', recipe });
    expect(result.scoresAfter!.metrics.accuracy).toBe(1);
    expect(Object.keys(result.scoresAfter!.metrics)).toEqual(['accuracy', 'f1', 'matthews']);
    const messages = events
      .slice(before)
      .flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(messages).toEqual([
      'train.csv: 2 of 42 rows are left out (1 row with a label that custom does not have, the first at line 43 with "sideways"; 1 row with an empty column, the first at line 42, column "text").',
    ]);

    const files = await client.request({ type: 'export', runId: 'mood', dtype: 'f32' });
    const config = JSON.parse(new TextDecoder().decode(files[0]!.bytes)) as Record<string, unknown>;
    expect(config).toMatchObject({
      architectures: ['GPT2ForSequenceClassification'],
      num_labels: 2,
      id2label: { 0: 'down', 1: 'up' },
      label2id: { down: 0, up: 1 },
      pad_token_id: 256,
      n_layer: 2,
    });
    exported.set('mood', memoryFileSet('mood', new Map(files.map(({ name, bytes }) => [name, bytes]))));
    const { ref, parameters } = await client.request({
      type: 'loadModel',
      model: { kind: 'path', path: 'mood' },
    });
    expect(parameters).toBe(result.parameters);
    const again = await client.request({
      type: 'evaluateTask',
      model: ref,
      task: custom,
      rows: held,
      maxLength: 32,
    });
    expect(again).toMatchObject({ ...result.scoresAfter, leftOut: 0, truncated: 0 });
  });

  test('a loaded classifier teaches, its students start with its head', async () => {
    const recipe = fewSteps(
      { ...custom, train, validation: held },
      {
        teacher: { model: 'mood' },
        selection: { layers: [0] },
        stages: [{ method: 'vanilla-kd', steps: 2, batchSize: 4 }],
      },
    );
    const result = await client.request({ type: 'start', runId: 'taught', recipe });
    expect(result.teacherScores!.metrics.accuracy).toBe(1);
    expect(result.layers).toEqual([0]);
  });

  test('a language model is fine-tuned first where teacher.stages say so, and only then', async () => {
    const stages = [{ method: 'vanilla-kd', steps: 2, batchSize: 4 }];
    const task = { ...custom, train, validation: held };
    const start = (recipe: RecipeInput) => client.request({ type: 'start', runId: 'two', recipe });
    await expect(start(fewSteps(task, { stages }))).rejects.toThrow(
      'a stage needs a teacher of the task, and demo is a language model',
    );
    const teacher = {
      model: 'demo',
      stages: [
        { method: 'fine-tune', steps: 12, batchSize: 8, optimizer: { learningRate: 0.01, warmupSteps: 0 } },
      ],
    };
    const result = await start(fewSteps(task, { stages, teacher }));
    expect(result.teacherScores!.metrics.accuracy).toBeGreaterThan(0.8);
    expect(result.scoresAfter!.loss).not.toBe(result.teacherScores!.loss);
  });

  test('one file for both is split, equal texts on one side', async () => {
    const recipe = fewSteps({ ...custom, train, validation: train });
    const { scoresAfter } = await client.request({ type: 'start', runId: 'split', recipe });
    // 14 different texts of 40: a tenth is held out, with their copies.
    expect(scoresAfter!.rows).toBeGreaterThanOrEqual(4);
    expect(scoresAfter!.rows).toBeLessThan(9);
  });

  test('what does not go together is refused with a sentence', async () => {
    const start = (recipe: RecipeInput) => client.request({ type: 'start', runId: 'no', recipe });
    const task = { ...custom, train, validation: held };
    await expect(start(fewSteps({ ...task, maxLength: 500 }))).rejects.toThrow(
      'data.maxLength is 500, and the model reads at most 128 tokens',
    );
    await expect(start(fewSteps({ task: 'glue/rte', train, validation: held }))).rejects.toThrow(
      'train.csv, line 2 has no column "sentence1", which glue/rte needs; its columns: "text", "mood"',
    );
    await expect(start(fewSteps({ task: 'glue/rte' }))).rejects.toThrow('the demo has no rows of glue/rte');
    await expect(
      start({ ...fewSteps(task), teacher: { model: 'mood' }, selection: null, data: {} }),
    ).rejects.toThrow("mood is a classifier, and the recipe's data is text");
    const evaluate = { type: 'evaluateTask' as const, rows: held };
    await expect(client.request({ ...evaluate, model: 'demo', task: custom })).rejects.toThrow(
      'demo is a language model and has no classes',
    );
    await expect(client.request({ ...evaluate, model: 'mood', task: { task: 'glue/cola' } })).rejects.toThrow(
      'held.jsonl, line 1 has no column "sentence"',
    );
    await expect(
      client.request({ type: 'evaluate', model: 'mood', input: { text: 'x' }, window: 8, stride: 8 }),
    ).rejects.toThrow('mood is a classifier and has no perplexity');
  });
});

test('every real file of the tasks has the columns that its task names', () => {
  if (!existsSync(data)) return;
  for (const { id, columns } of realTasks) {
    const path = join(data, id.replace('superglue', 'super_glue'), 'train.jsonl');
    const [first] = readFileSync(path, 'utf8').split('\n');
    expect(Object.keys(JSON.parse(first!) as object)).toEqual(expect.arrayContaining([...columns]));
  }
});
