import { expect, test } from 'vitest';
import { sentence } from './ErrorCard';
import { kindOfFiles, nameOfFiles } from './files';
import { clampNumber, parseNumber, showNumber, stepNumber } from './number';

test('a field reads what people write and refuses what is no number', () => {
  expect(parseNumber('5e-4')).toBe(5e-4);
  expect(parseNumber(' 1,000 ')).toBe(1000);
  expect(parseNumber('−3')).toBe(-3);
  expect(parseNumber('')).toBeNull();
  expect(parseNumber('ten')).toBeNull();
  expect(parseNumber('1e999')).toBeNull();
});

test('small numbers are shown as rates', () => {
  expect(showNumber(5e-4)).toBe('5e-4');
  expect(showNumber(1.25e-5)).toBe('1.25e-5');
  expect(showNumber(0.05)).toBe('0.05');
  expect(showNumber(2000)).toBe('2000');
});

test('what a field shows it reads back', () => {
  for (const value of [0, 5e-4, 1e-8, 0.1 + 0.2, 123456, 1e-4]) {
    expect(parseNumber(showNumber(value))).toBeCloseTo(value, 12);
  }
});

test('steps leave no rounding dust, stay in range, and double rates', () => {
  const limits = { min: 0, max: 1, step: 0.05 };
  expect(stepNumber(0.1, 1, limits)).toBe(0.15);
  expect(stepNumber(1, 1, limits)).toBe(1);
  expect(stepNumber(5e-4, 1, { ...limits, step: 0 })).toBe(1e-3);
  expect(clampNumber(2.6, { min: 1, max: 9, step: 1, integer: true })).toBe(3);
});

test('dropped files are told apart by their names', () => {
  expect(kindOfFiles(['config.json', 'model.safetensors'])).toBe('model');
  expect(kindOfFiles(['pytorch_model.bin', 'notes.txt'])).toBe('model');
  expect(kindOfFiles(['a.txt', 'B.JSONL'])).toBe('text');
  expect(kindOfFiles(['rows.csv.gz'])).toBe('text');
  expect(kindOfFiles(['train.parquet'])).toBe('text');
  expect(kindOfFiles(['photo.png', 'archive.gz'])).toBeNull();
  expect(nameOfFiles(['config.json', 'small.safetensors'], '')).toBe('small');
  expect(nameOfFiles(['a.txt'], '')).toBe('a.txt');
});

test('a message becomes a sentence', () => {
  expect(sentence('the model is gone')).toBe('The model is gone.');
  expect(sentence('Really?')).toBe('Really?');
  expect(sentence('config.json is missing')).toBe('config.json is missing.');
  expect(sentence('owner/model was not found')).toBe('owner/model was not found.');
  expect(sentence('files, all of them')).toBe('Files, all of them.');
});
