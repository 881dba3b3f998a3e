/** Options of a command, from `node:util`'s parser, with sentences instead of stack traces. */
import { parseArgs } from 'node:util';
import { RecipeError } from '../errors';

export interface OptionSpec {
  /** What stands for the value in the usage line; absent: a flag. */
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
  help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What every command understands. */
export const COMMON_OPTIONS: OptionSpecs = {
  json: { help: 'the last line of standard output is one JSON object, and nothing else is there' },
  device: { value: 'auto|webgpu|wasm|cpu', help: 'what to compute on (default auto)' },
  help: { help: 'this text' },
};

export interface Range {
  min: number;
  max?: number;
  integer?: boolean;
}

export interface Arguments {
  positionals: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  number(name: string, range: Range): number | undefined;
  /** A comma-separated list of numbers. */
  numbers(name: string, range: Range): number[] | undefined;
  /** Throws RecipeError when the option is missing. */
  required<T>(name: string, value: T | undefined): T;
}

function checkNumber(name: string, text: string, { min, max, integer }: Range): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits =
    Number.isFinite(value) &&
    value >= min &&
    value <= (max ?? Infinity) &&
    !(integer && !Number.isInteger(value));
  if (fits) return value;
  const kind = integer ? 'a whole number' : 'a number';
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new RecipeError(`--${name} is ${JSON.stringify(text)}, expected ${kind} ${range}`);
}

/** The parser's own complaint, shortened to one sentence. */
function complaint(error: unknown, options: OptionSpecs): RecipeError {
  const message = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown !== undefined) {
    const known = Object.keys(options).map((name) => `--${name}`);
    return new RecipeError(`there is no option ${unknown}`, `Options: ${known.join(' ')}.`);
  }
  const ambiguous = /Option '(--[^ ']*).*' argument is ambiguous/.exec(message)?.[1];
  if (ambiguous !== undefined) {
    return new RecipeError(
      `${ambiguous} needs a value`,
      `One that begins with a dash is written ${ambiguous}=-1.`,
    );
  }
  const missing = /Option '(--[^ ']*).*' argument missing/.exec(message)?.[1];
  if (missing !== undefined) return new RecipeError(`${missing} needs a value`);
  return new RecipeError(message.split(/\.\s|\n/)[0]!.replace(/\.$/, ''));
}

/** Parses what follows a command's name. Throws RecipeError for anything it does not know. */
export function parseArguments(argv: readonly string[], own: OptionSpecs): Arguments {
  const options = { ...own, ...COMMON_OPTIONS };
  const specs = Object.entries(options).map(
    ([name, { value, multiple }]) =>
      [name, { type: value === undefined ? 'boolean' : 'string', multiple: multiple ?? false }] as const,
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: [...argv],
      options: Object.fromEntries(specs),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw complaint(error, options);
  }
  const { values, positionals } = parsed;
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals,
    flag: (name) => values[name] === true,
    text,
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    number(name, range) {
      const value = text(name);
      return value === undefined ? undefined : checkNumber(name, value, range);
    },
    numbers(name, range) {
      return text(name)
        ?.split(',')
        .map((part) => checkNumber(name, part, range));
    },
    required(name, value) {
      if (value === undefined) throw new RecipeError(`--${name} is missing`);
      return value;
    },
  };
}

/** A value in which `\\n` and `\\t` are meant as in most languages: shells give them on as they are. */
export const unescaped = (text: string): string => text.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
