/**
 * What the thresholds look at. Characters are code points. A symbol is whatever is no letter, digit, combining mark or
 * white space; the share of symbols is over all characters, white space included. A word is a run without white space;
 * in scripts that write none, every character is half a word.
 */
const SPACE = 1;
const WORD = 2;
const UNSPACED = 3;
const SYMBOL = 4;

const PATTERNS: [RegExp, number][] = [
  [/\s/u, SPACE],
  [/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u, UNSPACED],
  [/[\p{L}\p{N}\p{M}]/u, WORD],
];

/** The class of every code point of the first plane, filled in as they come up. */
const classes = new Uint8Array(0x10000);

function classify(point: number): number {
  const text = String.fromCodePoint(point);
  return PATTERNS.find(([pattern]) => pattern.test(text))?.[1] ?? SYMBOL;
}

export interface Measure {
  words: number;
  symbols: number;
  characters: number;
  /** In UTF-8. */
  bytes: number;
}

/** Measures into `into`, which is returned: one for all samples, as there are millions. */
export function measure(text: string, into: Measure): Measure {
  let words = 0;
  let symbols = 0;
  let characters = 0;
  let bytes = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    let kind: number;
    if ((point & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      point = text.codePointAt(i++)!;
      kind = classify(point);
    } else {
      kind = classes[point]! || (classes[point] = classify(point));
    }
    characters++;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (kind === SPACE) inWord = false;
    else {
      if (kind === SYMBOL) symbols++;
      if (kind === UNSPACED) words += 0.5;
      else if (!inWord) words++;
      inWord = true;
    }
  }
  into.words = words;
  into.symbols = symbols;
  into.characters = characters;
  into.bytes = bytes;
  return into;
}

/** Bytes of a text in UTF-8; a lone surrogate takes three, as the replacement character does. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair takes four bytes: two units, and the two added for its first one.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}
