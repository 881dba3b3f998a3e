import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cleaner } from './cleaner';
import { cleanFile, type FileKind } from './documents';
import { PAPER_CLEANING } from '../../recipe/cleaning';
import { Written, type WrittenForm } from './written';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function cleaned(
  text: string,
  kind: FileKind,
  form: WrittenForm,
  size = 7,
  join?: string,
): Promise<string> {
  const written = new Written(form);
  const cleaner = new Cleaner({ ...PAPER_CLEANING, duplicates: 'off' }, written);
  const chunks = inChunks(new TextEncoder().encode(text), size);
  for await (const _ of cleanFile(cleaner, { name: 'a', kind, chunks }, { column: 'text', join }));
  return written.take();
}

const ONE = 'The lake froze in January last year.';
const TWO = 'It will be closed from May to August.';

test('a text is cut at its borders, and rows are documents; borders in a row are no borders', async () => {
  const text = `${ONE}\n<|endoftext|>\n${TWO}<|endoftext|>\n`;
  expect(await cleaned(text, 'text', 'text')).toBe(`${ONE}\n<|endoftext|>\n${TWO}\n`);
  expect(await cleaned(text, 'text', 'rows')).toBe(`{"text":"${ONE}"}\n{"text":"${TWO}"}\n`);
  const row = JSON.stringify({ text: `${ONE}\n<|endoftext|> and so it "went" on for 😀 ages and ages.` });
  expect(await cleaned(`${row}\n\n${row}`, 'rows', 'text')).toBe(
    Array.from({ length: 2 }, () => `${ONE}\n`).join('<|endoftext|>\n'),
  );
  expect(await cleaned(`<p>${ONE}</p><script>x</script>`, 'page', 'text')).toBe(`${ONE}\n`);
});

test('rows that are joined are one document, in their order', async () => {
  const rows = ['', ` ${ONE} \n`, '', ' = = Part = = \n', ` ${TWO} \n`];
  const table = rows.map((text) => JSON.stringify({ text })).join('\n');
  for (const join of ['', '\n\n']) {
    const together = await cleaned(table, 'rows', 'rows', 7, join);
    expect(together).toBe(await cleaned(rows.join(join), 'text', 'rows'));
    expect(together.trim().split('\n')).toHaveLength(1);
  }
});

describe('a row of millions of characters', () => {
  const long = Array.from(
    { length: 18_000 },
    (_, i) => `Sentence ${i} says "it" in a \\ way, \n with 😀 and é as ever.`,
  ).join(' ');
  const rows = [
    { id: [1, { text: 'no' }], text: long, note: 'a "note"' },
    { text: ONE },
    { note: 'x'.repeat(1_500_000), text: long },
  ];

  test.each([
    ['as it is', (row: object) => JSON.stringify(row)],
    [
      'all escaped',
      (row: object) =>
        JSON.stringify(row).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ],
    ['spaced', (row: object) => ` ${JSON.stringify(row, null, 1).replaceAll('\n', '\t')} \r`],
  ])('gives its text piece by piece: %s', async (_, write) => {
    const table = rows.map(write).join('\n');
    const whole = await cleaned(rows.map(({ text }) => text).join('<|endoftext|>'), 'text', 'rows', 1 << 16);
    expect(await cleaned(table, 'rows', 'rows', 99_991)).toBe(whole);
  });

  test.each([
    ['without an end', (row: string) => row.slice(0, -9_000)],
    ['with more behind it', (row: string) => `${row}}`],
    ['with an escape that is none', (row: string) => row.replace('Sentence 17500', '\\x')],
  ])('%s is refused', async (_, damage) => {
    const table = damage(JSON.stringify({ text: long }));
    await expect(cleaned(table, 'rows', 'rows', 1 << 16)).rejects.toThrow('a, line 1 is not JSON');
  });
});

test('where the chunks end makes no difference', async () => {
  const parts = [
    ONE,
    TWO,
    '<|endoftext|>',
    '<|end',
    ' ',
    '\n',
    'é',
    '😀',
    'Dr. Who has come to see us again. ',
    '<b>',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...parts), { maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      async (pieces, size) => {
        const text = pieces.join('');
        expect(await cleaned(text, 'text', 'rows', size)).toBe(await cleaned(text, 'text', 'rows', 1 << 20));
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

test.each([
  ['{"text": 1}', 'a, line 1 has no text in the column "text"'],
  ['{"text": "x"}\n{', 'a, line 2 is not JSON'],
  ['{"a\u0000": 1}', 'it holds zero bytes'],
])('%j is refused', async (text, message) => {
  await expect(cleaned(text, 'rows', 'rows')).rejects.toThrow(message);
});
