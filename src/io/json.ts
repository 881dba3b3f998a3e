/**
 * A strict JSON reader for files from outside. `JSON.parse` keeps the last of two equal names without a word and
 * takes `__proto__` as a name; both are ways to make two readers see two different checkpoints. Grammar: RFC 8259.
 */
import { CheckpointError } from '../errors';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

// Real files nest three deep; the limit keeps the recursion off the end of the stack.
const MAX_DEPTH = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// Unescaped are U+0020 and all above it but the quotation mark and the backslash.
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*"/y;
const WORD = /true|false|null/y;
const WORDS: Record<string, Json> = { true: true, false: false, null: null };

class JsonReader {
  private position = 0;

  constructor(
    private readonly text: string,
    private readonly what: string,
  ) {}

  document(): Json {
    const value = this.value(0);
    this.match(SPACE);
    if (this.position < this.text.length) this.fail('text after the end');
    return value;
  }

  private fail(problem: string): never {
    throw new CheckpointError(
      `${this.what} is not valid JSON: ${problem} at character ${this.position}`,
      'The file is damaged or is not what its name says; fetch it again.',
    );
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.position += found.length;
    return found;
  }

  private take(character: string): boolean {
    this.match(SPACE);
    if (this.text[this.position] !== character) return false;
    this.position++;
    return true;
  }

  private string(): string | null {
    const start = this.position;
    // V8 runs out of regular-expression stack on a string of many megabytes; no name is that long.
    try {
      const found = this.match(STRING);
      return found === null ? null : (JSON.parse(found) as string);
    } catch {
      this.position = start;
      return this.fail('a string that is too long');
    }
  }

  private value(depth: number): Json {
    if (depth > MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} levels`);
    if (this.take('{')) return this.object(depth);
    if (this.take('[')) return this.array(depth);
    const string = this.string();
    if (string !== null) return string;
    const number = this.match(NUMBER);
    if (number !== null) return Number(number);
    const word = this.match(WORD);
    return word === null ? this.fail('no value') : WORDS[word]!;
  }

  private object(depth: number): Json {
    const object: { [name: string]: Json } = {};
    if (this.take('}')) return object;
    do {
      this.match(SPACE);
      const name = this.string() ?? this.fail('no name');
      if (name === '__proto__')
        throw new CheckpointError(
          `${this.what} uses the name __proto__, which no checkpoint needs`,
          'The file was made to do harm or is damaged; do not use it.',
        );
      if (Object.hasOwn(object, name))
        throw new CheckpointError(
          `${this.what} gives the name ${shorten(name)} twice`,
          'The file is damaged; fetch it again or save the model anew.',
        );
      if (!this.take(':')) this.fail('no colon after a name');
      object[name] = this.value(depth + 1);
    } while (this.take(','));
    if (!this.take('}')) this.fail('no comma and no closing brace');
    return object;
  }

  private array(depth: number): Json {
    const array: Json[] = [];
    if (this.take(']')) return array;
    do array.push(this.value(depth + 1));
    while (this.take(','));
    if (!this.take(']')) this.fail('no comma and no closing bracket');
    return array;
  }
}

// Line ends and the marks that reverse the direction of text could make a name rewrite the sentence around it.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text from outside, made fit for one sentence: at most 80 characters, none of them unprintable. */
export function shorten(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return cut.replace(UNPRINTABLE, '\ufffd');
}

/** Bytes to text. `what` names the file in the message. Throws CheckpointError when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CheckpointError(
      `${what} is not UTF-8 text`,
      'The file is damaged or is not what its name says; fetch it again.',
      {
        cause: error,
      },
    );
  }
}

/** Any JSON value. Throws CheckpointError for bad grammar, duplicate names and `__proto__`. */
export function parseJson(text: string, what: string): Json {
  return new JsonReader(text, what).document();
}

/** A JSON object; throws CheckpointError for anything else. */
export function parseJsonObject(text: string, what: string): { [name: string]: Json } {
  const value = parseJson(text, what);
  if (!isObject(value))
    throw new CheckpointError(
      `${what} is not a JSON object but ${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}`,
      'The file is damaged or is not what its name says; fetch it again.',
    );
  return value;
}

export function isObject(value: unknown): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
