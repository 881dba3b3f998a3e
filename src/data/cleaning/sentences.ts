/** Text in normal form, lines, sentences. */

const LINE_ENDS = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
// Control characters, and signs of no width that join nothing: they would tell equal sentences apart.
const INVISIBLE = /(?![\t\n])[\p{Cc}\u00ad\u200b\u2060\ufeff]/gu;
const LONE = /\p{Cs}/gu;
const NEEDS_WORK = /(?![\t\n])[\p{Cc}\p{Cs}\u00ad\u200b\u2028\u2029\u2060\ufeff]/u;

/** One kind of line end, no control characters, no half of a surrogate pair. */
export function normalise(text: string): string {
  if (!NEEDS_WORK.test(text)) return text;
  return text.replace(LINE_ENDS, '\n').replace(INVISIBLE, '').replace(LONE, '\ufffd');
}

/** `<|endoftext|>` and its like, which a tokenizer takes for a special token, become `<| endoftext |>`. */
export function neutralise(text: string): string {
  return text.includes('<|') ? text.replace(/<\|(\w+)\|>/g, '<| $1 |>') : text;
}

/** One space between words, none at the ends. */
export function collapse(line: string): string {
  const trimmed = line.trim();
  return /[^\S ]| {2}/.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed;
}

// A fixed locale: the same cuts on every machine.
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Going through the sentences of a text takes time by the square of its length (1 s for 240,000 characters). */
const WINDOW = 4096;

/**
 * The sentences of a line, each with the white space behind it. A long line is looked at through windows: whether one
 * sentence ends depends on the next one at most, so that all but the last two of a window are final.
 */
export function* sentencesOf(line: string): Generator<string> {
  let start = 0;
  for (let length = WINDOW; start + length < line.length;) {
    const found = Array.from(segmenter.segment(line.slice(start, start + length)), ({ segment }) => segment);
    if (found.length <= 2) {
      length *= 2;
      continue;
    }
    for (const segment of found.slice(0, -2)) {
      yield segment;
      start += segment.length;
    }
    length = WINDOW;
  }
  for (const { segment } of segmenter.segment(line.slice(start))) yield segment;
}
