import { expect, test } from 'vitest';
import { detokenise, wordCount } from './detokenise';

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
