/** What is in a text before any work with it, and what cleaning would leave of it, by its start. */
import { diffWordsWithSpace } from 'diff';
import { Cleaner } from '../../data/cleaning/cleaner';
import { PieceSink } from '../../data/cleaning/cleanedSource';
import { utf8Length } from '../../data/cleaning/measure';
import type { DocumentSource } from '../../data/documents';
import { Surveyor } from '../../data/survey';
import type { Tokenizer } from '../../data/tokenizer';
import { DataError } from '../../errors';
import type { CleaningSettings } from '../../recipe/cleaning';
import type { CleanedDocument, TextReport } from '../protocol';
import type { Task } from './task';

/** Lets commands through that came meanwhile: a cancel, another setting. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Looks at the first `bytes` of a text, to the end of the piece that reaches them. */
export async function surveyText(
  source: DocumentSource,
  tokenizer: Tokenizer,
  { bytes, cleaning }: { bytes: number; cleaning?: CleaningSettings | undefined },
  task: Task,
): Promise<TextReport> {
  const surveyor = new Surveyor((text) => tokenizer.encode(text).length, tokenizer.cutsAtSpaces);
  const sink = new PieceSink();
  const cleaner = cleaning && new Cleaner(cleaning, sink);
  let tokensLeft = 0;
  let within = false;
  let whole = true;
  for await (const pieces of source.documents(task.signal)) {
    for (const piece of pieces) {
      task.check();
      surveyor.add(piece);
      if (!within) cleaner?.begin('text');
      cleaner?.write(piece.text);
      within = piece.continues === true;
      if (!within) cleaner?.end();
    }
    for (const { text } of sink.take()) tokensLeft += tokenizer.encode(text).length;
    task.progress('looking at the text', Math.min(surveyor.bytes, bytes), bytes, 'bytes');
    await breathe();
    whole = surveyor.bytes < bytes;
    if (!whole) break;
  }
  if (within) cleaner?.end();
  for (const { text } of sink.take()) tokensLeft += tokenizer.encode(text).length;
  const { done, total } = source.progress;
  return {
    survey: surveyor.survey(),
    whole,
    readShare: whole || total === undefined || total === 0 ? undefined : Math.min(1, done / total),
    ...(cleaner && { cleaning: cleaner.report(), tokensLeft }),
    warnings: [...source.warnings],
  };
}

/** Of a longer document the start: a comparison takes time by the square of what differs. */
const LONGEST_COMPARED = 6000;

async function documentAt(source: DocumentSource, index: number, task: Task): Promise<string> {
  let at = 0;
  let text = '';
  for await (const pieces of source.documents(task.signal)) {
    for (const piece of pieces) {
      task.check();
      if (at === index && text.length < LONGEST_COMPARED) text += piece.text;
      if (!piece.continues) at++;
      if (at > index) return text;
    }
  }
  if (text !== '') return text;
  throw new DataError(`${source.name} has no document ${index + 1}`, `It has ${at}.`);
}

/** One document before and after, cleaned by itself; `document` from 0. */
export async function compareCleaned(
  source: DocumentSource,
  tokenizer: Tokenizer,
  { cleaning, document: index }: { cleaning: CleaningSettings; document: number },
  task: Task,
): Promise<CleanedDocument> {
  const text = await documentAt(source, index, task);
  const before = text.slice(0, LONGEST_COMPARED).replace(/[\ud800-\udbff]$/, '');
  const sink = new PieceSink();
  const cleaner = new Cleaner(cleaning, sink);
  cleaner.begin('text');
  cleaner.write(before);
  cleaner.end();
  const after = sink
    .take()
    .map((piece) => piece.text)
    .join('');
  const { samplesIn, samplesOut, steps } = cleaner.report();
  return {
    document: index,
    clipped: text.length > before.length,
    parts: diffWordsWithSpace(before, after).map(({ value, added, removed }) => ({
      text: value,
      kind: added ? 'in' : removed ? 'out' : 'same',
    })),
    after,
    ...{ samplesIn, samplesOut },
    taken: steps.map((step) => ({ step: step.step, samples: step.samplesIn - step.samplesOut })),
    bytesIn: utf8Length(before),
    bytesOut: utf8Length(after),
    tokensOut: tokenizer.encode(after).length,
  };
}
