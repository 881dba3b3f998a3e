/**
 * A source as it is split into training and validation while it streams: many documents by themselves, few by passages.
 */
import { ENOUGH_DOCUMENTS, passagesOf, splitDocuments } from '../corpus';
import type { DocumentPiece } from '../documents';
import { hashOf, isHeldOut } from '../heldOut';
import type { SplitPiece } from './jobs';

/** `documents`: whole ones, chosen when all are known. `passages`: each piece says on which side it is. */
export type SplitMode = 'documents' | 'passages';

export interface SplitPieces {
  readonly mode: SplitMode;
  readonly pieces: AsyncIterable<readonly SplitPiece[]>;
}

/** Few documents of at most so many characters are held and split exactly as texts in memory are. */
const HELD_CHARACTERS = 1 << 25;

/** Passages of longer ones are cut in blocks, which depend on the text alone. */
const BLOCK = 1 << 20;

type Batches = AsyncIterator<readonly DocumentPiece[]>;

async function* rest(held: readonly (readonly DocumentPiece[])[], batches: Batches) {
  yield* held;
  for (let next = await batches.next(); !next.done; next = await batches.next()) yield next.value;
}

function joined(batches: readonly (readonly DocumentPiece[])[]): string[] {
  const documents: string[] = [];
  let open: string[] = [];
  for (const { text, continues } of batches.flat()) {
    open.push(text);
    if (continues) continue;
    documents.push(open.join(''));
    open = [];
  }
  return documents;
}

/** Passages one by one; neighbours on one side of one document are pieces of one run. */
async function* passageRuns(batches: AsyncIterable<readonly DocumentPiece[]>) {
  let open = '';
  let last: { text: string; heldOut: boolean } | undefined;
  const runs: SplitPiece[] = [];
  const passage = (text: string) => {
    const heldOut = isHeldOut(hashOf(text));
    if (last) runs.push({ ...last, continues: last.heldOut === heldOut });
    last = { text, heldOut };
  };
  const endDocument = () => {
    passagesOf(open).forEach(passage);
    if (last) runs.push(last);
    last = undefined;
    open = '';
  };
  for await (const batch of batches) {
    for (const { text, continues } of batch) {
      open += text;
      while (open.length > BLOCK) {
        // The last passage of a block may go on behind it.
        const passages = passagesOf(open.slice(0, BLOCK)).slice(0, -1);
        passages.forEach(passage);
        open = open.slice(passages.reduce((sum, { length }) => sum + length, 0));
      }
      if (!continues) endDocument();
    }
    yield runs.splice(0);
  }
}

async function* once(pieces: readonly SplitPiece[]) {
  yield pieces;
}

/** Looks at the start of a source, which is read once. */
export async function splitPieces(
  source: AsyncIterable<readonly DocumentPiece[]>,
  heldCharacters = HELD_CHARACTERS,
): Promise<SplitPieces> {
  const batches = source[Symbol.asyncIterator]();
  const held: (readonly DocumentPiece[])[] = [];
  let documents = 0;
  let characters = 0;
  while (documents < ENOUGH_DOCUMENTS) {
    const next = await batches.next();
    if (next.done) {
      for (const runs of splitDocuments(joined(held))) return { mode: 'passages', pieces: once(runs) };
      return { mode: 'passages', pieces: rest(held, batches) };
    }
    held.push(next.value);
    for (const { text, continues } of next.value) {
      characters += text.length;
      if (!continues) documents++;
    }
    if (characters > heldCharacters && documents < ENOUGH_DOCUMENTS)
      return { mode: 'passages', pieces: passageRuns(rest(held, batches)) };
  }
  return { mode: 'documents', pieces: rest(held, batches) };
}
