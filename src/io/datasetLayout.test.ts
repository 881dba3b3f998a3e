import { describe, expect, test } from 'vitest';
import { readCard } from './datasetCard';
import { globTest, layoutByCard, layoutByNames, type DatasetConfig } from './datasetLayout';

/** `config/split: path, path` a line. */
const shown = (configs: readonly DatasetConfig[]) =>
  configs.flatMap(({ name, splits }) =>
    splits.map((split) => `${name}/${split.name}: ${split.paths.join(', ')}`),
  );

describe('layout by names', () => {
  test('shards in a data folder, in the order of their numbers, usual splits first', () => {
    const paths = [
      'README.md',
      'data/validation-00000-of-00001-869c898b519ad725.parquet',
      'data/train-00001-of-00002-e9.parquet',
      'data/train-00000-of-00002-e8.parquet',
      'TinyStories-train.txt',
    ];
    expect(shown(layoutByNames(paths))).toEqual([
      'default/train: data/train-00000-of-00002-e8.parquet, data/train-00001-of-00002-e9.parquet',
      'default/validation: data/validation-00000-of-00001-869c898b519ad725.parquet',
    ]);
  });

  test('a folder for each config, splits with names of their own', () => {
    const paths = ['train', 'test_matched', 'validation_matched', 'validation_mismatched'].map(
      (split) => `mnli/${split}-00000-of-00001.parquet`,
    );
    expect(shown(layoutByNames([...paths, 'wsc.fixed/train-00000-of-00001.parquet']))).toEqual([
      'mnli/train: mnli/train-00000-of-00001.parquet',
      'mnli/validation_matched: mnli/validation_matched-00000-of-00001.parquet',
      'mnli/validation_mismatched: mnli/validation_mismatched-00000-of-00001.parquet',
      'mnli/test_matched: mnli/test_matched-00000-of-00001.parquet',
      'wsc.fixed/train: wsc.fixed/train-00000-of-00001.parquet',
    ]);
  });

  test("the Hub's conversions: config, split, numbered files", () => {
    const paths = ['plain_text/partial-train/0000.parquet', 'plain_text/partial-train/0001.parquet'];
    expect(shown(layoutByNames(paths))).toEqual([`plain_text/train: ${paths.join(', ')}`]);
    expect(shown(layoutByNames(['a/odd_one/0000.parquet']))).toEqual(['a/odd_one: a/odd_one/0000.parquet']);
  });

  test('without Parquet other files serve, licences and hidden ones do not', () => {
    const paths = ['dev.jsonl.gz', 'my-train_file.jsonl', 'LICENSE.txt', '.hidden/test.jsonl', 'notes.csv'];
    expect(shown(layoutByNames(paths))).toEqual([
      'default/train: my-train_file.jsonl',
      'default/validation: dev.jsonl.gz',
    ]);
    expect(shown(layoutByNames(['all.txt', 'LICENSE.txt']))).toEqual(['default/train: all.txt']);
    expect(layoutByNames(['model.safetensors', 'load.py'])).toEqual([]);
  });

  test('folders named after splits, shards with names of no split', () => {
    const paths = ['en/train/part-00000-of-00002.parquet', 'en/dev/0000.parquet', 'de/0001.parquet'];
    expect(shown(layoutByNames(paths)).sort()).toEqual([
      'de/train: de/0001.parquet',
      'en/dev: en/dev/0000.parquet',
      'en/train: en/train/part-00000-of-00002.parquet',
    ]);
  });
});

describe('patterns', () => {
  test.each([
    ['data/*.csv', 'data/a.csv', 'data/deep/a.csv'],
    ['**/train-*', 'a/b/train-0.parquet', 'a/train.parquet'],
    ['{cola,rte}/t?st*', 'rte/test-0.parquet', 'mrpc/test-0.parquet'],
    ['x[0-3].txt', 'x2.txt', 'x7.txt'],
    ['x[!0-3].txt', 'x7.txt', 'x2.txt'],
    ['./a+b (1).txt', 'a+b (1).txt', 'aab 1.txt'],
    ['data/**', 'data/deep/a.csv', 'other/a.csv'],
  ])('%s takes %s and leaves %s', (pattern, taken, left) => {
    expect(globTest(pattern)(taken)).toBe(true);
    expect(globTest(pattern)(left)).toBe(false);
  });
});

describe('layout by the card', () => {
  const paths = ['a/1.parquet', 'a/2.parquet', 'held out.csv', 'b/train.jsonl', 'b/dev.jsonl', 'README.md'];
  const layout = async (yaml: string) =>
    shown(layoutByCard(await readCard(`---\n${yaml}\n---\n# Words\n`, paths), paths));

  test('files by split, as path, list or pattern; a folder; a mapping; a single file', async () => {
    const yaml = `
license: mit
configs:
- config_name: main
  data_files:
  - split: train
    path: a/*.parquet
  - split: test
    path: ["held out.csv", missing.csv]
- config_name: other
  data_dir: b
- config_name: 3
  data_files: { train: b/train.jsonl }
- config_name: one
  data_files: held out.csv`;
    expect(await layout(yaml)).toEqual([
      'main/train: a/1.parquet, a/2.parquet',
      'main/test: held out.csv',
      'other/train: b/train.jsonl',
      'other/validation: b/dev.jsonl',
      '3/train: b/train.jsonl',
      'one/train: held out.csv',
    ]);
  });

  test('what is no YAML, or says nothing of files, leaves it to the names', async () => {
    expect(await layout('configs: [')).toEqual([]);
    expect(await layout('configs: 3')).toEqual([]);
    expect(await layout('license: mit')).toEqual([]);
    expect(await readCard('# No front matter\nconfigs:\n', paths)).toEqual([]);
  });
});
