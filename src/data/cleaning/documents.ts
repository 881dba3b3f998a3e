/**
 * Documents of a file, from its bytes as they come: a text is cut at `<|endoftext|>`, a table of JSON lines has one
 * document a row, a page is one. At most a piece of text or a row is held, and of a long row its text piece by piece.
 */
import { DataError } from '../../errors';
import { END_OF_TEXT } from '../pieces';
import type { Cleaner } from './cleaner';
import { LongRow, openTextOf } from './longRows';

const KINDS: Readonly<Record<string, FileKind>> = {
  txt: 'text',
  md: 'text',
  jsonl: 'rows',
  ndjson: 'rows',
  html: 'page',
  htm: 'page',
};

export type FileKind = 'text' | 'rows' | 'page';

/** What a file is, by its name; undefined: nothing that can be cleaned. */
export const fileKind = (name: string): FileKind | undefined =>
  KINDS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''];

/** Characters: one string holds not much more, and what is not the text of a row is parsed as one. */
const LONGEST_ROW = 64 * 1024 * 1024;

/** Text of UTF-8 bytes in chunks, which may end inside a character. Throws DataError for what is no UTF-8 text. */
async function* decode(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const read = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw new DataError(`${name} is not UTF-8`, 'Save it as UTF-8.', { cause: error });
    }
  };
  for await (const chunk of chunks) {
    if (chunk.includes(0)) {
      throw new DataError(`${name} is not a UTF-8 text: it holds zero bytes`, 'Save it as UTF-8.');
    }
    yield read(chunk);
  }
  yield read();
}

/** Characters at the end of a text with which a border may begin. */
function borderBegun(text: string): number {
  let length = Math.min(text.length, END_OF_TEXT.length - 1);
  while (!text.endsWith(END_OF_TEXT.slice(0, length))) length--;
  return length;
}

interface Feed {
  write(text: string): void;
  end(): void;
}

function feedText(cleaner: Cleaner): Feed {
  let waiting = '';
  let open = false;
  const piece = (text: string) => {
    const begun = open ? text : text.trimStart();
    if (begun === '') return;
    if (!open) cleaner.begin('text');
    open = true;
    cleaner.write(begun);
  };
  const close = () => {
    if (open) cleaner.end();
    open = false;
  };
  return {
    write(text) {
      const parts = (waiting + text).split(END_OF_TEXT);
      const last = parts.pop()!;
      for (const part of parts) {
        piece(part);
        close();
      }
      const end = last.length - borderBegun(last);
      piece(last.slice(0, end));
      waiting = last.slice(end);
    },
    end() {
      piece(waiting);
      close();
    },
  };
}

/** What `read` makes of a row. Throws DataError where that is not JSON. */
function asJson<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DataError(`${where} is not JSON`, 'Each line is one JSON object.', { cause: error });
  }
}

function textOfRow(where: string, line: string, column: string): string {
  const row = asJson<unknown>(where, () => JSON.parse(line));
  const text: unknown =
    typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[column] : undefined;
  if (typeof text === 'string') return text;
  const columns = typeof row === 'object' && row !== null ? Object.keys(row).join(', ') : '';
  throw new DataError(
    `${where} has no text in the column ${JSON.stringify(column)}`,
    columns === '' ? 'Each line is one JSON object.' : `It has ${columns}.`,
  );
}

/** Characters of a row from which on its text is taken out while it comes. */
const LONG_ROW = 1 << 20;

function feedRows(cleaner: Cleaner, name: string, { column, join }: CleaningRows): Feed {
  let waiting = '';
  let number = 1;
  let open = false;
  let long: LongRow | undefined;
  /** Length at which the waiting row is looked at for the start of its text. */
  let look = LONG_ROW;

  const begin = () => {
    if (open) cleaner.write(join ?? '');
    else cleaner.begin('text');
  };
  const end = () => {
    open = join !== undefined;
    if (!open) cleaner.end();
  };
  const take = (part: string) => {
    if (!long) waiting += part;
    let given = long ? part : '';
    if (!long && waiting.length >= look) {
      const start = openTextOf(waiting, column);
      look *= 2;
      if (start >= 0) {
        begin();
        long = new LongRow((text) => cleaner.write(text));
        given = waiting.slice(start);
        waiting = '';
      }
    }
    if (long) asJson(`${name}, line ${number}`, () => long!.write(given));
    if ((long?.length ?? waiting.length) > LONGEST_ROW) {
      throw new DataError(
        `${name}, line ${number} has more than 64 million characters beside its text`,
        'Is it JSON lines?',
      );
    }
  };
  const endRow = () => {
    const where = `${name}, line ${number}`;
    if (long) {
      asJson(where, () => long!.end());
      end();
    } else if (waiting.trim() !== '') {
      const text = textOfRow(where, waiting, column);
      begin();
      cleaner.write(text);
      end();
    }
    number++;
    waiting = '';
    long = undefined;
    look = LONG_ROW;
  };
  return {
    write(text) {
      for (const [i, part] of text.split('\n').entries()) {
        if (i > 0) endRow();
        take(part);
      }
    },
    end() {
      endRow();
      if (open) cleaner.end();
    },
  };
}

function feedPage(cleaner: Cleaner): Feed {
  cleaner.begin('page');
  return { write: (text) => cleaner.write(text), end: () => cleaner.end() };
}

export interface CleaningFile {
  readonly name: string;
  readonly kind: FileKind;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** How tables are read. */
export interface CleaningRows {
  /** The one with the text. */
  readonly column: string;
  /** What stands between rows that are one document together; undefined: each is a document. */
  readonly join?: string | undefined;
}

/** Cleans one file; yields after every chunk, so that what was cleaned can be taken away. */
export async function* cleanFile(
  cleaner: Cleaner,
  { name, kind, chunks }: CleaningFile,
  table: CleaningRows,
): AsyncGenerator<void> {
  const feeds = {
    text: () => feedText(cleaner),
    rows: () => feedRows(cleaner, name, table),
    page: () => feedPage(cleaner),
  };
  const feed = feeds[kind]();
  for await (const text of decode(name, chunks)) {
    feed.write(text);
    yield;
  }
  feed.end();
  yield;
}
