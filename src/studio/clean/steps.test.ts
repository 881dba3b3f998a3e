import { describe, expect, it } from 'vitest';
import { Cleaner } from '../../data/cleaning/cleaner';
import { PAPER_CLEANING, type CleaningSettings } from '../../recipe/cleaning';
import { isOn, reportTable, staleFrom, stepRows, STEP_IDS, takenWords, withStep } from './steps';

function reportOf(settings: CleaningSettings, documents: readonly string[]) {
  const cleaner = new Cleaner(settings, { begin() {}, text() {}, end() {} });
  for (const text of documents) {
    cleaner.begin('text');
    cleaner.write(text);
    cleaner.end();
  }
  return cleaner.report();
}

const DOCUMENTS = [
  'The council met on Monday to decide about the bridge. Read more',
  '+++ 12:40 +++ 12:38 +++ 12:31 +++\n\nThe council met on Monday to decide about the bridge.',
];

describe('rows of steps', () => {
  it('chain: what leaves one step goes into the next', () => {
    const rows = stepRows(reportOf(PAPER_CLEANING, DOCUMENTS), PAPER_CLEANING);
    expect(rows.map(({ id, samplesIn, samplesOut }) => [id, samplesIn, samplesOut])).toEqual([
      ['html', 4, 4],
      ['short', 4, 3],
      ['symbols', 3, 2],
      ['duplicates', 2, 1],
    ]);
    expect(rows[3]!.share).toBe(0.5);
    expect(rows[1]!.examples).toEqual([{ text: 'Read more', reason: '2 words' }]);
  });

  it('keep a step that is off, with nothing taken out by it', () => {
    const settings = withStep(PAPER_CLEANING, 'short', false);
    const row = stepRows(reportOf(settings, DOCUMENTS), settings)[1]!;
    expect(row).toMatchObject({ on: false, samplesIn: 4, samplesOut: 4, share: 0, examples: [] });
  });

  it('are out of date from the first changed step on', () => {
    const report = reportOf(PAPER_CLEANING, DOCUMENTS);
    const stale = (settings: CleaningSettings) => stepRows(report, settings).map((row) => row.stale);
    expect(stale(PAPER_CLEANING)).toEqual([false, false, false, false]);
    expect(stale({ ...PAPER_CLEANING, maxSymbols: 0.2 })).toEqual([false, false, true, true]);
    expect(stale({ ...PAPER_CLEANING, sentences: false })).toEqual([true, true, true, true]);
  });
});

it('switches every step off and on again', () => {
  for (const step of STEP_IDS) {
    const off = withStep(PAPER_CLEANING, step, false);
    expect([isOn(step, PAPER_CLEANING), isOn(step, off)]).toEqual([true, false]);
    expect(staleFrom(PAPER_CLEANING, off)).toBe(step);
    expect(withStep(off, step, true)).toEqual(PAPER_CLEANING);
  }
});

it('writes counts and examples as a table', () => {
  const { head, rows } = reportTable(reportOf(PAPER_CLEANING, DOCUMENTS));
  expect(rows.every((row) => row.length === head.length)).toBe(true);
  expect(rows.map((row) => row[0])).toEqual([
    'html',
    'short',
    'short',
    'symbols',
    'symbols',
    'duplicates',
    'duplicates',
  ]);
  expect(rows[2]!.slice(6)).toEqual(['Read more', '2 words']);
});

it('says in words what went', () => {
  const taken = [
    { step: 'html', samples: 0 },
    { step: 'short', samples: 3 },
    { step: 'symbols', samples: 1 },
  ];
  expect(takenWords(7, 3, taken)).toBe('4 of 7 samples went: 3 short, 1 symbols.');
  expect(takenWords(2, 2, taken)).toBe('Nothing was taken out of this one.');
});
