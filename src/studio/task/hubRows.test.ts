import { expect, test } from 'vitest';
import type { DatasetCard, DatasetPart, TaskInfo } from '../../worker/protocol';
import { columnsProblem, rowsChoice, rowsOf } from './hubRows';

const split = (name: string) => ({ name, files: 1, bytes: 1000 });
const glue: DatasetCard = {
  ...{ repo: 'nyu-mll/glue', commit: 'a', converted: false, warnings: [] },
  configs: [
    { name: 'ax', splits: [split('test')] },
    { name: 'sst2', splits: [split('train'), split('validation'), split('test')] },
    {
      name: 'mnli',
      splits: ['train', 'validation_matched', 'validation_mismatched', 'test_matched'].map(split),
    },
  ],
};
const MNLI = {
  config: 'mnli',
  train: 'train',
  validation: 'validation_matched',
  validationMismatched: 'validation_mismatched',
};

test('a task’s own splits are chosen, and a recipe names them, its second validation among them', () => {
  const choice = rowsChoice(glue, MNLI);
  expect(choice).toEqual({ ...MNLI, fraction: 1 });
  expect(rowsOf(glue, choice)).toEqual({
    train: 'hf:nyu-mll/glue/mnli:train',
    validation: 'hf:nyu-mll/glue/mnli:validation_matched',
    validationMismatched: 'hf:nyu-mll/glue/mnli:validation_mismatched',
  });
});

test('where a split is not there, a part of the training rows is held out; a share is of these alone', () => {
  const choice = rowsChoice(glue, { config: 'sst2', validation: 'dev', fraction: 0.1 });
  expect(choice).toMatchObject({ train: 'train', validation: null, validationMismatched: null });
  const train = { source: 'hf:nyu-mll/glue/sst2:train', fraction: 0.1 };
  expect(rowsOf(glue, choice)).toEqual({ train, validation: train });
  // One split cannot be both.
  expect(rowsChoice(glue, { config: 'ax', validation: 'test' })).toMatchObject({
    train: 'test',
    validation: null,
  });
});

test('rows of other columns are refused before they are fetched', () => {
  const info = { id: 'glue/rte', columns: ['sentence1', 'sentence2'], labelColumn: 'label' } as TaskInfo;
  const columns = (...names: string[]) =>
    ({ split: 'train', columns: names.map((name) => ({ name, type: 'text' })) }) as DatasetPart;
  const place = { repo: 'nyu-mll/glue', config: 'sst2' };
  expect(columnsProblem(info, place, columns('sentence1', 'sentence2', 'label', 'idx'))).toBeNull();
  expect(columnsProblem(info, place, columns('sentence1', 'label'))!.message).toBe(
    'nyu-mll/glue, sst2, train has no column "sentence2", which glue/rte needs; its columns: "sentence1", "label"',
  );
});
