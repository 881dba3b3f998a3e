import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cleaner } from './cleaner';
import { cleanFile, type FileKind } from './documents';
import { PAPER_CLEANING } from '../../recipe/cleaning';
import { Written, type WrittenForm } from './written';

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function cleaned(text: string, kind: FileKind, form: WrittenForm, size = 7): Promise<string> {
  const written = new Written(form);
  const cleaner = new Cleaner({ ...PAPER_CLEANING, duplicates: 'off' }, written);
  const chunks = inChunks(new TextEncoder().encode(text), size);
  for await (const _ of cleanFile(cleaner, { name: 'a', kind, chunks }, 'text'));
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
