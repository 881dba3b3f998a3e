import { describe, expect, test } from 'vitest';
import { DataError, SourceError } from '../errors';
import { countingSource, memorySource } from '../io/source';
import { CODECS, parquetBytes } from '../testing/parquetFiles';
import { chooseGroups, openParquet } from './parquet';

const COUNT = 90;
const rows = Array.from({ length: COUNT }, (_, i) => ({
  text: `Row ${i}: ${'ä€𝄞 words '.repeat(i % 7)}`,
  genre: ['news', 'prose', 'law'][i % 3]!,
  label: i % 4,
  note: i % 5 === 0 ? null : `note ${i}`,
  weight: i / 4,
  seen: i % 2 === 0,
}));

const bytes = (codec: (typeof CODECS)[number] = 'SNAPPY', rowGroupSize = 20) =>
  parquetBytes(
    [
      { name: 'text', data: rows.map((row) => row.text), type: 'STRING' },
      { name: 'genre', data: rows.map((row) => row.genre), type: 'STRING', encoding: 'RLE_DICTIONARY' },
      { name: 'label', data: rows.map((row) => BigInt(row.label)), type: 'INT64' },
      { name: 'note', data: rows.map((row) => row.note), type: 'STRING', nullable: true },
      { name: 'weight', data: rows.map((row) => row.weight), type: 'DOUBLE' },
      { name: 'seen', data: rows.map((row) => row.seen), type: 'BOOLEAN' },
    ],
    { codec, rowGroupSize },
  );

describe('reading Parquet', () => {
  test.each(CODECS)(
    '%s: every row of every group, with nulls, dictionaries and 64-bit integers',
    async (codec) => {
      const file = await openParquet(memorySource('a.parquet', bytes(codec)));
      expect(file.groups).toEqual([20, 20, 20, 20, 10]);
      const read = [];
      for (const group of file.groups.keys())
        read.push(...(await file.readGroup(group, ['text', 'genre', 'label', 'note', 'weight', 'seen'])));
      expect(read).toEqual(rows);
    },
  );

  test('columns and types are known before any row is read', async () => {
    const source = countingSource(memorySource('a.parquet', bytes()));
    const { columns } = await openParquet(source);
    expect(columns).toEqual([
      { name: 'text', type: 'text' },
      { name: 'genre', type: 'text' },
      { name: 'label', type: 'integer' },
      { name: 'note', type: 'text' },
      { name: 'weight', type: 'number' },
      { name: 'seen', type: 'boolean' },
    ]);
    expect(source.ranges).toHaveLength(1);
  });

  test('of a large file only the footer, and of the row groups only the columns asked for, are fetched', async () => {
    const long = Array.from({ length: 4000 }, (_, i) => `${i} ${'x'.repeat(100)}`);
    const content = parquetBytes(
      [
        { name: 'text', data: long, type: 'STRING' },
        { name: 'label', data: long.map((_, i) => i), type: 'INT32' },
      ],
      { codec: 'UNCOMPRESSED', rowGroupSize: 1000 },
    );
    const source = countingSource(memorySource('a.parquet', content));
    const file = await openParquet(source);
    expect(source.bytesRead).toBeLessThanOrEqual(1 << 16);
    source.bytesRead = 0;
    const labels = await file.readGroup(2, ['label']);
    expect(labels.slice(0, 2)).toEqual([{ label: 2000 }, { label: 2001 }]);
    expect(source.bytesRead).toBeLessThan(8000);
    source.bytesRead = 0;
    expect((await file.readGroup(1, ['text']))[0]).toEqual({ text: long[1000] });
    expect(source.bytesRead).toBeLessThan(content.length / 3);
  });

  test('nothing of a small file is fetched twice', async () => {
    const content = bytes();
    const source = countingSource(memorySource('a.parquet', content));
    const file = await openParquet(source);
    for (const group of file.groups.keys()) await file.readGroup(group, ['text', 'label']);
    expect(source.bytesRead).toBe(content.length);
  });

  test('integers beyond what a number holds become text', async () => {
    const content = parquetBytes([{ name: 'id', data: [2n ** 60n, 7n], type: 'INT64' }]);
    const file = await openParquet(memorySource('a.parquet', content));
    expect(await file.readGroup(0, ['id'])).toEqual([{ id: String(2n ** 60n) }, { id: 7 }]);
  });

  test('what cannot be read is one sentence with the file and the reason', async () => {
    const whole = bytes();
    const cut = openParquet(memorySource('a.parquet', whole.subarray(0, whole.length - 20)));
    await expect(cut).rejects.toThrow(/^a\.parquet cannot be read as Parquet: file invalid/);
    await expect(cut).rejects.toBeInstanceOf(DataError);
    const tiny = openParquet(memorySource('b.parquet', new Uint8Array(3)));
    await expect(tiny).rejects.toThrow('b.parquet cannot be read as Parquet: it has 3 bytes');
    const file = await openParquet(memorySource('a.parquet', whole));
    await expect(file.readGroup(0, ['body'])).rejects.toThrow(
      'a.parquet has no column "body"; its columns: "text" (text), "genre" (text), "label" (integer)',
    );
    const broken = whole.slice();
    broken.fill(0xff, 4, 400);
    const damaged = await openParquet(memorySource('c.parquet', broken));
    await expect(damaged.readGroup(0, ['text'])).rejects.toThrow(/^c\.parquet cannot be read as Parquet: /);
  });

  test('a failed request stays what it is', async () => {
    const failure = new SourceError('the Hub answered 500', 'Try again.');
    const source = { name: 'a.parquet', size: 1000, read: () => Promise.reject(failure) };
    await expect(openParquet(source)).rejects.toBe(failure);
  });
});

describe('row groups for a fraction', () => {
  const groups = Array.from({ length: 40 }, (_, i) => (i === 39 ? 300 : 1000));

  test('are spread over the file, the same for a seed, others for another', () => {
    const { groups: chosen, share } = chooseGroups(groups, 0.2, 1);
    expect(chosen).toHaveLength(8);
    chosen.forEach((group, i) => expect(Math.floor((i * 40) / 8)).toBeLessThanOrEqual(group));
    chosen.forEach((group, i) => expect(group).toBeLessThan(Math.floor(((i + 1) * 40) / 8)));
    expect(share).toBeGreaterThanOrEqual(0.2);
    expect(chooseGroups(groups, 0.2, 1)).toEqual({ groups: chosen, share });
    expect(chooseGroups(groups, 0.2, 2).groups).not.toEqual(chosen);
  });

  test('hold at least the fraction, at least one group, and all for 1', () => {
    for (const fraction of [0.001, 0.1, 0.5, 0.99])
      for (let seed = 0; seed < 20; seed++)
        expect(chooseGroups(groups, fraction, seed).share).toBeGreaterThanOrEqual(fraction);
    expect(chooseGroups(groups, 0.0001, 3).groups).toHaveLength(1);
    expect(chooseGroups(groups, 1, 3)).toEqual({ groups: groups.map((_, i) => i), share: 1 });
    expect(chooseGroups([500], 0.1, 3)).toEqual({ groups: [0], share: 1 });
  });
});
