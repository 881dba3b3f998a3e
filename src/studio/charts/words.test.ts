import { describe, expect, test } from 'vitest';
import { toCsv } from './csv';
import { formatClock, formatCompact, formatDuration, formatFigure, formatRate, formatTick } from './format';
import { spread } from './labels';

describe('numbers as the page writes them', () => {
  test('figures keep three to four digits', () => {
    expect([1300.6, 114.2, 41.63, 3.184, 0.8449, 0.0126, 0.00012].map(formatFigure)).toEqual([
      '1,301',
      '114',
      '41.6',
      '3.18',
      '0.84',
      '0.0126',
      '1.20e-4',
    ]);
    expect(formatFigure(-0.3)).toBe('−0.30');
    expect(formatFigure(NaN)).toBe('–');
    expect(formatFigure(Infinity)).toBe('∞');
  });
  test('rates and ticks drop needless zeros', () => {
    expect([2e-4, 1.26e-4, 0, 1e-3].map(formatRate)).toEqual(['2e-4', '1.26e-4', '0', '1e-3']);
    expect([0, 0.5, 1600, 2e-4, 25].map(formatTick)).toEqual(['0', '0.5', '1,600', '2e-4', '25']);
  });
  test('durations and counts', () => {
    expect([38_000, 144_000, 3_900_000].map(formatDuration)).toEqual(['38 s', '2 min 24 s', '1 h 5 min']);
    expect([370_000, 3_900_000].map(formatClock)).toEqual(['6:10', '1:05:00']);
    expect([812, 54_321, 1_300_000].map(formatCompact)).toEqual(['812', '54.3 k', '1.30 M']);
  });
});

describe('CSV', () => {
  test('quotes what needs quoting, leaves out what is missing, writes numbers in full', () => {
    const csv = toCsv(
      ['run', 'perplexity'],
      [
        ['a, "b"', 41.6283],
        ['line\nbreak', null],
        ['nan', NaN],
      ],
    );
    expect(csv).toBe('run,perplexity\r\n"a, ""b""",41.6283\r\n"line\nbreak",\r\nnan,\r\n');
  });
  test('a name that a spreadsheet would run as a formula is made text', () => {
    expect(toCsv(['run'], [['=SUM(A1)']])).toBe("run\r\n'=SUM(A1)\r\n");
  });
});

describe('spread', () => {
  test('labels keep their order and distance inside the plot', () => {
    const placed = spread([100, 101, 20, 102], 15, 10, 110);
    expect(placed).toEqual([80, 95, 20, 110]);
  });
  test('with no room for all the distance gives way', () => {
    const placed = spread([50, 50, 50, 50], 15, 40, 70);
    expect(placed).toEqual([40, 50, 60, 70]);
  });
});
