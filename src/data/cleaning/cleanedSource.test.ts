import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PAPER_CLEANING } from '../../recipe/cleaning';
import { collectDocuments, type DocumentPiece, type DocumentSource } from '../documents';
import { cleanedSource } from './cleanedSource';

/** Documents in pieces of the given lengths, so many pieces at a time. */
function sourceOf(documents: readonly string[], lengths: readonly number[], atOnce: number): DocumentSource {
  let turn = 0;
  const pieces: DocumentPiece[] = documents.flatMap((document) => {
    const cut: DocumentPiece[] = [];
    for (let at = 0; at < document.length;) {
      const end = at + lengths[turn++ % lengths.length]!;
      cut.push({ text: document.slice(at, end), continues: end < document.length });
      at = end;
    }
    return cut;
  });
  return {
    name: 'pieces',
    key: 'pieces',
    share: 1,
    warnings: [],
    progress: { done: 0, total: undefined },
    async *documents() {
      for (let i = 0; i < pieces.length; i += atOnce)
        yield await Promise.resolve(pieces.slice(i, i + atOnce));
    },
  };
}

const DOCUMENTS = [
  '<html><body><p>The council met on Monday to decide about the old bridge.</p><p>Read more</p></body></html>',
  'Read more',
  'It will be closed from May to August, said the mayor. +++ 12:40 +++ 12:38 +++\n\nThe council met on Monday to decide about the old bridge.',
  'Nobody knows where the &amp; sign came from in the end.',
];

it('leaves what the steps leave, document by document, and counts it', async () => {
  const source = cleanedSource(sourceOf(DOCUMENTS, [1000], 10), PAPER_CLEANING);
  expect(await collectDocuments(source)).toEqual([
    'The council met on Monday to decide about the old bridge.',
    'It will be closed from May to August, said the mayor.',
    'Nobody knows where the & sign came from in the end.',
  ]);
  const { documentsIn, documentsOut, samplesOut, steps } = source.report!;
  expect([documentsIn, documentsOut, samplesOut]).toEqual([4, 3, 3]);
  expect(steps.map(({ step }) => step)).toEqual(['html', 'short', 'symbols', 'duplicates']);
});

it('does not depend on how documents come in pieces', async () => {
  const whole = await collectDocuments(cleanedSource(sourceOf(DOCUMENTS, [1000], 10), PAPER_CLEANING));
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.integer({ min: 1, max: 7 }), async (cuts, atOnce) => {
      const source = cleanedSource(sourceOf(DOCUMENTS, cuts, atOnce), PAPER_CLEANING);
      expect(await collectDocuments(source)).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});

it('has another key for other settings', () => {
  const source = sourceOf(DOCUMENTS, [1000], 10);
  const keys = [PAPER_CLEANING, { ...PAPER_CLEANING, minWords: 6 }].map(
    (settings) => cleanedSource(source, settings).key,
  );
  expect(new Set([...keys, source.key]).size).toBe(3);
});
