import { describe, expect, it } from 'vitest';
import { gpt2Tokenizer } from './gpt2Vocabulary';
import { histogramOf, Surveyor } from './survey';

const words = (text: string) => text.split(/\s+/).filter(Boolean).length;

function surveyOf(documents: readonly string[], cut = Infinity) {
  const surveyor = new Surveyor(words);
  for (const text of documents) {
    if (text.length <= cut) surveyor.add({ text });
    else {
      surveyor.add({ text: text.slice(0, cut), continues: true });
      surveyor.add({ text: text.slice(cut) });
    }
  }
  return surveyor.survey();
}

describe('a survey of a text', () => {
  it('counts documents, bytes, tokens and lengths', () => {
    const survey = surveyOf(['one two three', 'four', 'fünf sechs']);
    expect(survey).toMatchObject({
      documents: 3,
      bytes: 13 + 4 + 11,
      tokens: 6,
      medianLength: 2,
      longestLength: 3,
    });
    expect(survey.lengths).toEqual({ edges: [0, 1, 2, 3, 4], counts: [0, 1, 1, 1] });
    expect(survey.firsts).toEqual(['one two three', 'four', 'fünf sechs']);
  });

  it('counts what is there again, in one piece or in several', () => {
    const documents = ['the same text', 'another text', 'the same text', 'the same text'];
    expect(surveyOf(documents).duplicates).toBe(2);
    expect(surveyOf(documents, 5).duplicates).toBe(2);
  });

  it('has the tokens of the whole document, wherever its pieces end', async () => {
    const tokenizer = await gpt2Tokenizer();
    const text = ` = Title = \n\n It's a line of one text , and  so on .\n`.repeat(40);
    for (const size of [1, 7, 100]) {
      const surveyor = new Surveyor((part) => tokenizer.encode(part).length, tokenizer.cutsAtSpaces);
      for (let at = 0; at < text.length; at += size)
        surveyor.add({ text: text.slice(at, at + size), continues: at + size < text.length });
      expect(surveyor.survey()).toMatchObject({ documents: 1, tokens: tokenizer.encode(text).length });
    }
  });

  it('names the scripts of the letters', () => {
    expect(surveyOf(['abc где 123 !?']).scripts).toEqual([
      { script: 'Latin', share: 0.5 },
      { script: 'Cyrillic', share: 0.5 },
    ]);
    expect(surveyOf(['12 + 34']).scripts).toEqual([]);
    const mixed = surveyOf([`${'a'.repeat(997)}ቋንቋ`]).scripts;
    expect(mixed.map(({ script }) => script)).toEqual(['Latin', 'other']);
    expect(mixed[1]!.share).toBeCloseTo(0.003, 9);
  });

  it('clips the start of a long document, never in the middle of a character', () => {
    const [first] = surveyOf([`${'x'.repeat(239)}😀 and so on`]).firsts;
    expect(first).toBe(`${'x'.repeat(239)}…`);
  });

  it('says nothing where there is nothing', () => {
    expect(surveyOf([])).toMatchObject({ documents: 0, tokens: 0, medianLength: 0, scripts: [], firsts: [] });
  });
});

it('draws at most twenty bars of a round width', () => {
  const { edges, counts } = histogramOf([3, 150, 990]);
  expect(counts).toHaveLength(20);
  expect(edges[1]).toBe(50);
  expect([counts[0], counts[3], counts[19]]).toEqual([1, 1, 1]);
});

it('a few lengths far beyond all others share the last bar', () => {
  const { edges, counts } = histogramOf([...Array.from({ length: 99 }, (_, i) => i), 50_000]);
  expect(edges.slice(-2)).toEqual([95, 50_001]);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
  expect(counts.at(-1)).toBe(5);
});
