import fc from 'fast-check';
import { expect, test } from 'vitest';
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
