import { describe, expect, test } from 'vitest';
import { formatHubSource, parseHubSource } from './hubSource';

describe('hf: sources', () => {
  test('are read part by part, and written as they were', () => {
    const sources = [
      'hf:roneneldan/TinyStories:train',
      'hf:Salesforce/wikitext/wikitext-2-raw-v1:validation',
      'hf:nyu-mll/glue/sst2@refs/convert/parquet:train:sentence',
      'hf:a/b@v1.0:train:text:with colon',
    ];
    for (const source of sources) expect(formatHubSource(parseHubSource(source))).toBe(source);
    expect(parseHubSource(sources[2]!)).toEqual({
      repo: 'nyu-mll/glue',
      config: 'sst2',
      revision: 'refs/convert/parquet',
      split: 'train',
      column: 'sentence',
    });
    expect(parseHubSource(sources[3]!).column).toBe('text:with colon');
  });

  test('a name without its owner is refused with the name of today', () => {
    expect(() => parseHubSource('hf:wikitext:train')).toThrow(/"wikitext" .* lacks its owner/);
    try {
      parseHubSource('hf:wikitext:train');
    } catch (error) {
      expect(error).toHaveProperty('hint', 'It is called Salesforce/wikitext now.');
    }
    expect(() => parseHubSource('hf:mine:train')).toThrow(/"mine" .* lacks its owner/);
  });

  test('what lacks a split, or has too many parts, is refused', () => {
    expect(() => parseHubSource('hf:Salesforce/wikitext')).toThrow(/does not say which split/);
    expect(() => parseHubSource('hf:a/b/c/d:train')).toThrow(/does not name a part/);
    expect(() => parseHubSource('hf:../b:train')).toThrow(/not the name of a data set/);
  });
});
