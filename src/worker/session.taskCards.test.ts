/** What the page is told of a task before a run, by the code that trains on it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NAMED_TASKS } from '../data/tasks';
import { dataSchema, type TaskData } from '../recipe/data';
import { tinyPlatform } from '../testing/tinyPlatform';
import { createClient, type Client } from './client';
import { nodePlatform } from './platform.node';
import { portPair } from './port';
import type { TaskInfo } from './protocol';
import { createSession } from './session';

const root = fileURLToPath(new URL('../..', import.meta.url));
const shared = join(root, '../shared/data');

let client: Client;
let close: () => void;
let tasks: TaskInfo[];

beforeAll(async () => {
  // Node clones a File into a Blob without a name; browsers do not.
  const ends = portPair((message) => message);
  const { demoTexts } = nodePlatform(root);
  createSession(ends[1], tinyPlatform({ demoTexts }));
  client = createClient(ends[0]);
  close = () => ends.forEach((end) => end.close());
  ({ tasks } = await client.request({ type: 'open', device: 'wasm', hubUrl: 'http://127.0.0.1:1' }));
});
afterAll(() => close());

const taskData = (part: Partial<TaskData>) => dataSchema.parse({ kind: 'task', ...part }) as TaskData;
const inspect = (part: Partial<TaskData>) =>
  client.request({ type: 'inspectTask', data: taskData(part), seed: 1 });
const load = (name: string, text: string) =>
  client.request({ type: 'loadRows', name, files: [new File([text], name)] });

test('the page learns the tasks from the session', () => {
  expect(tasks.map(({ id }) => id)).toEqual(NAMED_TASKS.map(({ id }) => id));
  expect(tasks.filter(({ bundled }) => bundled).map(({ id }) => id)).toEqual([
    'wordnet/category',
    'wordnet/same-sense',
  ]);
});

test('the bundled rows: counts, labels, lengths and the first rows add up', async () => {
  const card = await inspect({ task: 'wordnet/category', maxLength: 64 });
  const lines = readFileSync(join(root, 'public/demo/tasks/category.train.jsonl'), 'utf8').trim().split('\n');
  const { train, lengths } = card;
  expect(train.rows).toBe(lines.length);
  expect(train.perLabel.reduce((a, b) => a + b, 0)).toBe(lines.length);
  expect(lengths.counts.reduce((a, b) => a + b, 0)).toBe(lines.length);
  // The tiny model's tokens are bytes, so a row is as long as its definition in UTF-8.
  const bytes = lines.map((line) =>
    Buffer.byteLength((JSON.parse(line) as { definition: string }).definition),
  );
  expect(lengths.longest).toBe(Math.max(...bytes));
  expect(train.truncated).toBe(bytes.filter((length) => length > 64).length);
  const [first] = card.preview;
  expect(first!.whole).toBe(bytes[0]);
  expect(first!.tokens.filter(({ role }) => role === 'read')).toHaveLength(1);
  expect(card.columns).toContainEqual({ name: 'definition', use: 'text' });
  const texts = lines.map((line) => (JSON.parse(line) as { definition: string }).definition);
  expect(card.contents).toMatchObject({ duplicates: texts.length - new Set(texts).size, shared: 0 });
  expect(card.contents.scripts[0]!.script).toBe('Latin');
  expect(card.firstRows[0]!.definition).toBe(texts[0]);
  // The longest of the rows shown is longer than what inputs are cut at.
  expect(card.padTo).toBe(64);
});

const CSV = `subject,body,folder
Lunch?,Are you free,inbox
Win now,Click here,spam
Meeting,"At ten, sharp",Inbox
,No subject,inbox
Odd,One,?
${Array.from({ length: 20 }, (_, i) => `Note ${i},Text ${i},${i % 2 ? 'spam' : 'inbox'}`).join('\n')}
`;

describe('an own file', () => {
  const mapping = {
    task: 'custom' as const,
    train: 'rows:mails.csv',
    validation: 'rows:mails.csv',
    columns: { text: ['subject', 'body'], label: 'folder' },
    labels: ['inbox', { value: 'spam', name: 'junk' }],
  };

  test('its columns are described as readers of labels see them', async () => {
    const card = await load('mails.csv', CSV);
    expect(card).toMatchObject({ ref: 'rows:mails.csv', rows: 25 });
    const [subject, body, folder] = card.columns;
    expect(subject).toMatchObject({ first: ['Lunch?', 'Win now', 'Meeting', ''], empty: 1, kind: 'text' });
    expect(body).toMatchObject({ least: 1, most: 3 });
    // `Inbox` is `inbox`.
    expect(folder!.values).toEqual([
      { value: 'inbox', rows: 13 },
      { value: 'spam', rows: 11 },
      { value: '?', rows: 1 },
    ]);
  });

  test('mapped, one file is split; what is left out has its line and reason; pairs show their separator', async () => {
    const card = await inspect({ ...mapping, maxLength: 12 });
    expect(card).toMatchObject({ split: true, labels: ['inbox', 'junk'], classes: ['inbox', 'junk'] });
    expect(card.train.rows + card.validation.rows).toBe(23);
    expect(card.train.warnings).toEqual([
      'mails.csv: 2 of 25 rows are left out (1 row with a label that custom does not have, the first at line 6 with "?"; 1 row with an empty column, the first at line 5, column "subject").',
    ]);
    const first = card.preview[0]!;
    const roles = first.tokens.map(({ role }) => role);
    expect(roles.filter((role) => role === 'separator')).toHaveLength(1);
    expect(roles.filter((role) => role !== 'cut')).toHaveLength(12);
    expect(first).toMatchObject({ whole: 'Lunch?\nAre you free'.length, kept: 12, label: 'inbox' });
  });

  test('a broken file is refused with file and line, and what was there before stays', async () => {
    await expect(load('mails.csv', 'a,b\n1,2\n1,2,3\n')).rejects.toThrow(
      'mails.csv, line 3 has 3 fields, the first line names 2 columns',
    );
    expect((await inspect(mapping)).split).toBe(true);
    await expect(inspect({ ...mapping, columns: { text: ['subjct'], label: 'folder' } })).rejects.toThrow(
      'mails.csv, line 2 has no column "subjct"',
    );
  });

  test('a file of the same name takes the place of the one before', async () => {
    await load('mails.csv', CSV.replaceAll('Note', 'A much longer note'));
    const card = await inspect(mapping);
    expect(card.lengths.longest).toBe('A much longer note 19\nText 19'.length);
  });

  test('a run learns from the rows that were shown', async () => {
    const result = await client.request({
      type: 'start',
      runId: 'mails',
      recipe: {
        ...{ version: 1, teacher: { model: 'demo' }, selection: { layers: [0, 11] } },
        data: taskData({ ...mapping, maxLength: 32 }),
        stages: [{ method: 'fine-tune', steps: 2, batchSize: 2 }],
      },
    });
    expect(result.scoresAfter!.rows).toBe((await inspect(mapping)).validation.rows);
  });
});

test('rows that nobody has brought are named', async () => {
  await expect(inspect({ task: 'glue/rte', train: 'rows:rte/a.jsonl', validation: 'demo' })).rejects.toThrow(
    'the rows "rows:rte/a.jsonl" are not loaded',
  );
});

if (!existsSync(shared)) console.warn(`no tasks' files in ${shared}: the tests on real files are skipped`);

describe.skipIf(!existsSync(shared))('the real files', () => {
  test.each(['glue/mnli', 'superglue/copa', 'superglue/wsc'] as const)('%s', async (task) => {
    const folder = join(shared, task.replace('superglue', 'super_glue'));
    const split = task === 'glue/mnli' ? 'validation_matched' : 'validation';
    const refs = ['train', split].map(async (name) => {
      const text = readFileSync(join(folder, `${name}.jsonl`), 'utf8');
      return (await load(`${task}/${name}.jsonl`, text)).ref;
    });
    const [train, validation] = await Promise.all(refs);
    const card = await inspect({ task, train: train!, validation: validation!, maxLength: 128 });
    expect(card.train.leftOut + card.validation.leftOut).toBe(0);
    expect(card.train.perLabel.every((rows) => rows > 0)).toBe(true);
    const choices = task === 'superglue/copa' ? 2 : 1;
    expect(card.train.inputs).toBe(card.train.rows * choices);
    expect(card.preview).toHaveLength(8);
  });
});
