/**
 * A row of JSON lines that is too long to be held: its text is given on piece by piece while the row comes. Rows are
 * otherwise parsed as a whole, which takes several times their size.
 */

/** A sign, or a value that is no string. */
const TOKEN = /[{}[\]:,]|[^\s"{}[\]:,]+/y;
const SPACE = /\s*/y;

/** Behind the string that begins at `at`; -1 where it does not end. */
function behindString(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (text[quote - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
  return -1;
}

/** Where, in the start of a row, the text of a column begins and does not end; -1 where it does not. */
export function openTextOf(start: string, column: string): number {
  let depth = 0;
  let string = '';
  let key: string | undefined;
  for (let at = 0; ;) {
    SPACE.lastIndex = at;
    SPACE.test(start);
    at = TOKEN.lastIndex = SPACE.lastIndex;
    if (start[at] === '"') {
      const end = behindString(start, at);
      if (end < 0) return depth === 1 && key === column ? at + 1 : -1;
      string = start.slice(at, end);
      key = undefined;
      at = end;
      continue;
    }
    const sign = TOKEN.exec(start)?.[0];
    if (sign === undefined) return -1;
    at = TOKEN.lastIndex;
    if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    // A value that is complete belongs to its key no more.
    key = sign === ':' && depth === 1 ? keyOf(string) : undefined;
  }
}

/** The text of a string; undefined where it is none, which whoever parses the row will say. */
function keyOf(string: string): string | undefined {
  try {
    return JSON.parse(string) as string;
  } catch {
    return undefined;
  }
}

/** As much of a string's inside as is complete: up to its end, or to an escape that goes on. */
const INSIDE = /(?:[^"\\]+|\\u[0-9a-fA-F]{4}|\\[^u])*/y;

/** The row from the first character of its text on. */
export class LongRow {
  private waiting = '';
  /** The text has ended, and the rest of the row is held to be checked. */
  private ended = false;

  constructor(private readonly give: (text: string) => void) {}

  write(part: string): void {
    const text = this.waiting + part;
    if (this.ended) {
      this.waiting = text;
      return;
    }
    INSIDE.lastIndex = 0;
    const [inside] = INSIDE.exec(text)!;
    this.give(JSON.parse(`"${inside}"`) as string);
    this.ended = text[inside.length] === '"';
    this.waiting = text.slice(inside.length + (this.ended ? 1 : 0));
  }

  /** Characters that are held. */
  get length(): number {
    return this.waiting.length;
  }

  /** Throws SyntaxError where the row does not end as JSON does. */
  end(): void {
    if (!this.ended) throw new SyntaxError('Unterminated string in JSON');
    JSON.parse(`{"":""${this.waiting}`);
  }
}
