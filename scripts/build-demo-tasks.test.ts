import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DEMO_SPLITS } from '../src/data/demo';
import { taskOf, WORDNET_CATEGORIES } from '../src/data/tasks';
import { buildDemoTasks, ROWS } from './build-demo-tasks';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'public/demo/tasks');

type Row = Record<string, string>;
const rowsOf = (task: string, split: string) =>
  readFileSync(join(folder, `${task}.${split}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

test('the package gives the bundled tasks again, byte for byte', () => {
  const files = buildDemoTasks(join(root, 'node_modules'));
  expect([...files.keys()].sort()).toEqual(readdirSync(folder).sort());
  for (const [name, text] of files)
    expect(readFileSync(join(folder, name), 'utf8') === text, name).toBe(true);
});

test.each([
  { task: 'category', labels: WORDNET_CATEGORIES },
  { task: 'same-sense', labels: taskOf({ task: 'wordnet/same-sense' }).classes },
])('$task: every class has as many rows as every other', ({ task, labels }) => {
  for (const split of DEMO_SPLITS) {
    const rows = rowsOf(task, split);
    for (const label of labels) {
      expect(rows.filter((row) => row.label === label).length).toBe(rows.length / labels.length);
    }
    if (task === 'category') expect(rows.length).toBe(ROWS[split].category * labels.length);
  }
});

test('no word, definition or piece of one is in two splits', () => {
  const place = new Map<string, string>();
  const claim = (key: string, split: string) => {
    expect(place.get(key) ?? split, key).toBe(split);
    place.set(key, split);
  };
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z]+/g, ' ')
      .trim();
  for (const split of DEMO_SPLITS) {
    for (const { word, definition } of rowsOf('category', split)) {
      claim(`word ${word!.toLowerCase()}`, split);
      claim(plain(definition!), split);
    }
    for (const { sentence1, sentence2 } of rowsOf('same-sense', split)) {
      claim(plain(sentence1!), split);
      claim(plain(sentence2!), split);
    }
  }
});

test('every piece stands once in each kind of pair, so that alone it tells nothing', () => {
  for (const split of DEMO_SPLITS) {
    const rows = rowsOf('same-sense', split);
    for (const column of ['sentence1', 'sentence2']) {
      const pieces = (label: string) =>
        rows
          .filter((row) => row.label === label)
          .map((row) => row[column])
          .sort();
      expect(pieces('different')).toEqual(pieces('same'));
    }
  }
});
