/** Which scripts the letters of texts belong to. */

export interface ScriptShare {
  /** Unicode's name of the script, or `other`. */
  readonly script: string;
  /** Of all letters. */
  readonly share: number;
}

const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Bengali',
  'Thai',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
] as const;
const PATTERNS = SCRIPTS.map((script) => new RegExp(`\\p{Script=${script}}`, 'u'));
const LETTER = /\p{L}/u;
const NO_LETTER = SCRIPTS.length + 1;
const SMALL_SHARE = 0.005;

/** The script of every code point of the first plane plus one, filled in as they come up; 0: not yet. */
const scripts = new Uint8Array(0x10000);

function scriptOf(point: number): number {
  const known = point < 0x10000 ? scripts[point]! : 0;
  if (known > 0) return known - 1;
  const character = String.fromCodePoint(point);
  const found = PATTERNS.findIndex((pattern) => pattern.test(character));
  const script = !LETTER.test(character) ? NO_LETTER : found < 0 ? SCRIPTS.length : found;
  if (point < 0x10000) scripts[point] = script + 1;
  return script;
}

/** Counts letters, text by text. */
export class LetterCount {
  private readonly letters = new Float64Array(SCRIPTS.length + 2);

  add(text: string): void {
    for (const character of text) this.letters[scriptOf(character.codePointAt(0)!)]!++;
  }

  /** Most letters first; scripts below half a percent together as `other`. */
  shares(): ScriptShare[] {
    const letters = this.letters.subarray(0, NO_LETTER);
    const total = letters.reduce((sum, count) => sum + count, 0);
    if (total === 0) return [];
    const named = [...letters]
      .slice(0, SCRIPTS.length)
      .map((count, i) => ({ script: SCRIPTS[i]!, share: count / total }));
    const large = named.filter(({ share }) => share >= SMALL_SHARE).sort((a, b) => b.share - a.share);
    const rest = 1 - large.reduce((sum, { share }) => sum + share, 0);
    return rest * total < 0.5 ? large : [...large, { script: 'other', share: rest }];
  }
}
