import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Column, PUBLISH_EVERY_MS, RunSeries, SeriesBook } from './series';
import type { StepReport } from '../worker/protocol';

function report(step: number, part: Partial<StepReport> = {}): StepReport {
  return {
    runId: 'a',
    stage: 0,
    step,
    loss: 4 / step,
    terms: { hard: 1 / step, soft: 3 / step },
    learningRate: 1e-3,
    gradNorm: 1,
    tokens: step * 100,
    timeMs: step * 50,
    ...part,
  };
}

describe('Column', () => {
  test('grows past its first size and keeps every value', () => {
    const column = new Column();
    for (let i = 0; i < 1000; i++) column.push(i * i);
    expect(column.length).toBe(1000);
    expect(Array.from(column.view())).toEqual(Array.from({ length: 1000 }, (_, i) => i * i));
    expect(column.at(-1)).toBe(999 * 999);
    expect(column.at(1000)).toBeNaN();
  });

  test('a view taken earlier is not changed by later points', () => {
    const column = new Column();
    column.push(1);
    const early = column.view();
    for (let i = 0; i < 600; i++) column.push(2);
    expect(Array.from(early)).toEqual([1]);
  });
});

describe('RunSeries', () => {
  test('a term that appears later is missing before', () => {
    const series = new RunSeries();
    series.add(report(1));
    series.add(report(2, { terms: { hard: 5, extra: 7 } }));
    expect(Array.from(series.terms.get('extra')!.view())).toEqual([NaN, 7]);
    expect(Array.from(series.terms.get('soft')!.view())).toEqual([3, NaN]);
  });

  test('speed is tokens over time, and none across a pause', () => {
    const series = new RunSeries();
    for (let step = 1; step <= 20; step++) series.add(report(step));
    expect(series.speed.at(0)).toBeNaN();
    expect(series.speed.at(-1)).toBeCloseTo(2000);
    series.markPause();
    series.add(report(21, { timeMs: 90_000 }));
    expect(series.speed.at(-1)).toBeNaN();
    series.add(report(22, { timeMs: 90_100 }));
    expect(series.speed.at(-1)).toBeCloseTo(1000);
    expect(series.breaks).toEqual([{ index: 20, reason: 'pause' }]);
  });

  test('a new stage breaks the lines', () => {
    const series = new RunSeries();
    series.add(report(1));
    series.add(report(2, { stage: 1 }));
    expect(series.breaks).toEqual([{ index: 1, reason: 'stage' }]);
  });

  test('a line is broken where a part or a stage begins; a method with one part has none', () => {
    const series = new RunSeries();
    const parts = ['soft phase', 'soft phase', 'hard phase', undefined, 'soft phase'];
    parts.forEach((part, i) => series.add(report(i + 1, { part, stage: i < 3 ? 0 : i - 2 })));
    expect(series.breaks.map((one) => one.reason)).toEqual(['part', 'stage', 'stage']);
    expect(series.part).toBe('soft phase');
  });
});

describe('SeriesBook', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('publishes a thousand batches in a second at most ten times', () => {
    const book = new SeriesBook();
    const told = vi.fn();
    book.subscribe(told);
    for (let i = 1; i <= 1000; i++) {
      book.append('a', [report(i)]);
      vi.advanceTimersByTime(1);
    }
    vi.advanceTimersByTime(PUBLISH_EVERY_MS);
    expect(told.mock.calls.length).toBeLessThanOrEqual(11);
    expect(told.mock.calls.length).toBeGreaterThanOrEqual(10);
    expect(book.get('a')!.step.length).toBe(1000);
  });

  test('a batch is published within a tenth of a second and the version moves', () => {
    const book = new SeriesBook();
    const before = book.version();
    book.append('a', [report(1)]);
    expect(book.version()).toBe(before);
    vi.advanceTimersByTime(PUBLISH_EVERY_MS);
    expect(book.version()).toBe(before + 1);
  });
});
