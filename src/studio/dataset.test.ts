import { describe, expect, test, vi } from 'vitest';
import type { DatasetCard, DatasetPart } from '../worker/protocol';
import type { Connection } from './connection';
import { choiceFor, columnFor, sourcesOf } from './storeDataset';
import { follow, type Loading } from './storeLoading';
import { textRefOf } from './recipeRefs';

const split = (name: string) => ({ name, files: 1, bytes: 1000 });
const card = (configs: DatasetCard['configs']): DatasetCard => ({
  ...{ repo: 'nyu-mll/glue', commit: 'a', converted: false, warnings: [] },
  configs,
});
const glue = card([
  { name: 'ax', splits: [split('test')] },
  { name: 'mnli', splits: [split('train'), split('validation_matched'), split('test_matched')] },
]);
const plain = card([{ name: 'default', splits: [split('train'), split('validation')] }]);

describe('what of a data set is chosen', () => {
  test('the usual splits where they are, else what is there', () => {
    expect(choiceFor(plain, {})).toEqual({
      ...{ config: 'default', train: 'train', validation: 'validation' },
      ...{ column: 'text', join: null, fraction: 1 },
    });
    expect(choiceFor(glue, {})).toMatchObject({ config: 'ax', train: 'test', validation: null });
    const wanted = { config: 'mnli', validation: 'validation_matched', fraction: 0.1 };
    expect(choiceFor(glue, wanted)).toMatchObject({ train: 'train', ...wanted });
    // One split cannot be both.
    expect(choiceFor(plain, { train: 'validation' })).toMatchObject({ validation: null });
  });

  test('the column that is wanted, else the first of texts', () => {
    const part = {
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'body', type: 'text' },
      ],
    } as DatasetPart;
    expect(columnFor(part, 'id')).toBe('id');
    expect(columnFor(part, 'text')).toBe('body');
    expect(columnFor({ ...part, columns: [] }, 'text')).toBe('');
  });

  test('recipes say no more than they must, and are read again', () => {
    expect(sourcesOf(plain, choiceFor(plain, {}))).toEqual({
      train: 'hf:nyu-mll/glue:train',
      validation: 'hf:nyu-mll/glue:validation',
    });
    const chosen = { config: 'mnli', train: 'train', validation: null, column: 'premise' };
    const choice = { ...chosen, join: null, fraction: 0.1 };
    const parts = sourcesOf(glue, choice);
    const source = { source: 'hf:nyu-mll/glue/mnli:train:premise', fraction: 0.1 };
    expect(parts).toEqual({ train: source, validation: source });
    expect(textRefOf({ kind: 'lm', contextLength: 8, ...parts }, 3)).toEqual({
      ...{ kind: 'hub', name: 'nyu-mll/glue, mnli', seed: 3 },
      ...parts,
    });
    expect(sourcesOf(plain, { ...choiceFor(plain, { join: '' }), fraction: 0.5 })).toEqual({
      train: { source: 'hf:nyu-mll/glue:train', fraction: 0.5, join: '' },
      validation: { source: 'hf:nyu-mll/glue:validation', fraction: 1, join: '' },
    });
    const text = (train: string, validation: string) =>
      textRefOf({ kind: 'lm', contextLength: 8, train, validation }, 3);
    expect(text('demo', 'demo')).toEqual({ kind: 'demo' });
    expect(text('hf:a/b:train', 'demo')).toMatchObject({ kind: 'hub', name: 'a/b', validation: 'demo' });
    // A name that somebody mistook goes to the session, which says what is wrong with it.
    expect(text('hf:x', 'hf:x')).toMatchObject({ kind: 'hub', name: 'hf:x' });
    // Of files the name is left.
    expect(text('text:own.txt', 'text:own.txt')).toEqual({ kind: 'files', name: 'own.txt', files: [] });
  });
});

test('a download says how long it takes, stops and goes on', () => {
  const now = vi.spyOn(performance, 'now');
  const sent: unknown[] = [];
  const connection = { request: (command: unknown) => (sent.push(command), Promise.resolve(null)) };
  let loading: Loading | undefined;
  const { onEvent } = follow(
    connection as unknown as Connection,
    (change) => (loading = change.loadingText),
    'loadingText',
    'a text',
  );
  const progress = (time: number, done: number) => {
    now.mockReturnValue(time);
    onEvent({ type: 'progress', id: 7, what: 'a file', done, total: 1000, unit: 'bytes' });
  };
  expect(loading!.pause).toBeNull();
  progress(0, 0);
  progress(1000, 100);
  expect(loading!.leftMs).toBeNull();
  progress(2000, 200);
  expect(loading!.leftMs).toBe(8000);
  loading!.pause!();
  expect(sent).toEqual([{ type: 'pauseDownload', target: 7, paused: true }]);
  expect(loading).toMatchObject({ paused: true, leftMs: null });
  loading!.pause!();
  expect(sent[1]).toEqual({ type: 'pauseDownload', target: 7, paused: false });
  // The pause does not count.
  progress(100_000, 200);
  progress(102_000, 600);
  expect(loading!.leftMs).toBe(2000);
  now.mockRestore();
});
