import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detokenise, wordCount } from './detokenise';
import { collectDocuments, documentsInMemory } from './documents';
import { protocolSource } from './protocolSource';

// Lines as WikiText's raw files have them, and as they stand in Wikipedia.
test.each([
  [' = Valkyria Chronicles III = ', '= Valkyria Chronicles III ='],
  [' = = Gameplay = = ', '== Gameplay =='],
  [' = = = Geometry = = = ', '=== Geometry ==='],
  [' = = = = Names = = = = ', '==== Names ===='],
  [
    'a third @-@ person role @-@ playing game , released in Japan .',
    'a third-person role-playing game, released in Japan.',
  ],
  ['sold 1 @,@ 234 copies , and 5 @.@ 5 million more', 'sold 1,234 copies, and 5.5 million more'],
  ["the game 's plot ; the players ' choice", "the game's plot; the players' choice"],
  ['( lit . Valkyria of the Battlefield 3 )', '(lit. Valkyria of the Battlefield 3)'],
  ['he called it " a fine thing " [ 3 ] !', 'he called it "a fine thing" [3]!'],
  ['at 20 ° C : warm', 'at 20°C: warm'],
  ['the <unk> of N', 'the <unk> of N'],
])('%j is written %j', (raw, written) => {
  expect(detokenise(raw)).toBe(written);
});

test('lines stay lines, and a quote that is missing spoils no other line', () => {
  expect(detokenise(' one " two \n\n " three " , four . \n')).toBe('one " two\n\n"three", four.\n');
});

test('a text in pieces gives what it gives as a whole, and its words are counted', async () => {
  const line = fc.constantFrom(
    ' = Title = ',
    'so @-@ so',
    ' " a " ',
    '',
    '\r',
    ' 3 @.@ 5 , ( x )',
    '😀',
    ' ',
  );
  const documents = fc.array(
    fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) => lines.join('\n')),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(documents, fc.integer({ min: 1, max: 9 }), async (texts, size) => {
      const full = texts.filter((text) => text.trim() !== '');
      const cut = (text: string) =>
        Array.from({ length: Math.ceil(text.length / size) }, (_, i) => ({
          text: text.slice(i * size, (i + 1) * size),
          continues: (i + 1) * size < text.length,
        }));
      async function* pieces() {
        for (const text of full) for (const piece of cut(text)) yield [piece];
      }
      const source = protocolSource({ ...documentsInMemory('a', 'a', []), documents: pieces }, 'detokenised');
      expect(await collectDocuments(source)).toEqual(full.map(detokenise));
      expect(source.report.words).toBe(full.reduce((sum, text) => sum + wordCount(text), 0));
    }),
    { numRuns: 100, seed: 2 },
  );
});

test('plain prose stays as it is, and a second pass changes nothing', () => {
  const prose = `The people, 3.5 million of them (in 1998), said: "It's ours!"\n\nSee [4]; see {x}.`;
  expect(detokenise(prose)).toBe(prose);
  const raw = ' = = The game \'s end = = \n He said : " so @-@ so " ( 1 @,@ 000 times ) . ';
  expect(detokenise(detokenise(raw))).toBe(detokenise(raw));
});

test('words are what stands between white space', () => {
  expect(wordCount(' a third @-@ person\n\n game . ')).toBe(6);
  expect(wordCount(' \n ')).toBe(0);
});
