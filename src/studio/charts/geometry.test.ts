import { describe, expect, test } from 'vitest';
import { formatFigure } from './format';
import type { Frame } from './drawn';
import { geometryOf } from './geometry';
import { readAt, summaryOf, tableRows } from './readout';
import type { ChartView, LineChartSpec, LineSeries } from './spec';
import { BEFORE, INK, RUN_STYLES, TEACHER } from './styles';

const FRAME: Frame = { width: 440, height: 330, small: false, endLabels: false };
const VIEW: ChartView = { log: false, clip: false, smoothing: 0.6, zoom: null };

function line(count: number, value: (i: number) => number, part: Partial<LineSeries> = {}): LineSeries {
  const x = Float64Array.from({ length: count }, (_, i) => i + 1);
  return { id: 'total', label: 'total', style: INK, x, y: x.map((_, i) => value(i)), ...part };
}

function spec(series: LineSeries[], part: Partial<LineChartSpec> = {}): LineChartSpec {
  return {
    title: 'Loss, by term',
    unit: 'nats per token',
    series,
    xUnit: 'step',
    xEnd: 600,
    formatValue: formatFigure,
    ...part,
  };
}

const perplexity = (part: Partial<LineChartSpec> = {}) => {
  const x = Float64Array.from([0, 100, 200, 300]);
  const y = Float64Array.from([1301, 68.9, 41.6, 47.6]);
  const student: LineSeries = { id: 's', label: 'student', style: RUN_STYLES[0]!, x, y, measured: true };
  const references = [
    { id: 'teacher', label: 'teacher', value: 31.2, style: TEACHER },
    { id: 'before', label: 'before training', value: 1301, style: BEFORE },
  ];
  return spec([student], { title: 'Validation perplexity', markBest: true, references, ...part });
};

describe('geometryOf', () => {
  test('a mark has a rule unless it is at the left edge, and a name where there is room for it', () => {
    const lines = [line(60, (i) => i + 1, { breaks: [20] })];
    const marks = [
      { x: 1, label: 'own teacher' },
      { x: 21, label: 'student' },
      { x: 595, label: 'again' },
    ];
    const all = geometryOf(spec(lines, { marks }), VIEW, FRAME)!;
    expect(all.marks.map(({ rule, text }) => [rule, text])).toEqual([
      [false, ''],
      [true, 'student'],
      [true, ''],
    ]);
    // The mark says what begins there; the gap's own sign would say it twice.
    expect(all.gaps).toEqual([]);
    const zoomed = geometryOf(spec(lines, { marks }), { ...VIEW, zoom: [100, 300] }, FRAME)!;
    expect(zoomed.marks).toEqual([{ x: zoomed.plot.left, rule: false, text: 'student' }]);
  });

  test('draws nothing without a value', () => {
    expect(geometryOf(spec([line(0, () => 1)]), VIEW, FRAME)).toBeNull();
    expect(geometryOf(spec([line(3, () => NaN)]), VIEW, FRAME)).toBeNull();
  });

  test('the axis runs to the planned end and the rest is shaded', () => {
    const geometry = geometryOf(spec([line(300, (i) => 9 - i / 60)]), VIEW, FRAME)!;
    const { plot, todo } = geometry;
    expect(todo!.x).toBeCloseTo((plot.left + plot.right) / 2, 0);
    expect(todo!.x + todo!.width).toBeCloseTo(plot.right);
    expect(geometry.xTicks.at(-1)!.text).toBe('step 600');
    expect(geometry.yTicks[0]!.value).toBe(0);
    expect(geometryOf(spec([line(600, () => 1)]), VIEW, FRAME)!.todo).toBeNull();
  });

  test('raw values lie under a smoothed line, never under measured points', () => {
    expect(geometryOf(spec([line(50, (i) => i % 7)]), VIEW, FRAME)!.lines[0]!.raw).not.toBe('');
    expect(geometryOf(spec([line(50, (i) => i % 7)]), { ...VIEW, smoothing: 0 }, FRAME)!.lines[0]!.raw).toBe(
      '',
    );
    const measured = geometryOf(perplexity(), VIEW, FRAME)!.lines[0]!;
    expect(measured.raw).toBe('');
    expect(measured.markers).toHaveLength(4);
    expect(Array.from(measured.values)).toEqual([1301, 68.9, 41.6, 47.6]);
  });

  test('the best measured value is ringed and named', () => {
    expect(geometryOf(perplexity(), VIEW, FRAME)!.best).toMatchObject({ text: 'best 41.6', index: 2 });
  });

  test('on a log axis halving goes the same way everywhere', () => {
    const { y } = geometryOf(perplexity(), { ...VIEW, log: true }, FRAME)!;
    expect(y.at(400) - y.at(800)).toBeCloseTo(y.at(50) - y.at(100), 6);
  });

  test('a log axis with values at or below zero falls back to a linear one', () => {
    const geometry = geometryOf(
      spec([line(10, (i) => i)], { references: [] }),
      { ...VIEW, log: true, smoothing: 0 },
      FRAME,
    )!;
    for (const tick of geometry.yTicks) expect(Number.isFinite(tick.at)).toBe(true);
  });

  test('a break lifts the pen and leaves a mark', () => {
    const broken = geometryOf(spec([line(20, () => 2, { breaks: [10] })]), VIEW, FRAME)!;
    expect(broken.lines[0]!.path.match(/M/g)).toHaveLength(2);
    expect(broken.gaps).toHaveLength(1);
  });

  test('a break is kept when points are decimated', () => {
    const broken = geometryOf(
      spec([line(5000, (i) => Math.sin(i), { breaks: [2500] })], { xEnd: 5000 }),
      VIEW,
      FRAME,
    )!;
    expect(broken.lines[0]!.path.match(/M/g)).toHaveLength(2);
    expect(broken.lines[0]!.path.match(/[ML]/g)!.length).toBeLessThanOrEqual(1000);
  });

  test('clipping leaves the spike out and counts it', () => {
    const spiky = spec([line(300, (i) => (i === 40 ? 500 : 1 + i / 300))]);
    const geometry = geometryOf(spiky, { ...VIEW, clip: true }, FRAME)!;
    expect(geometry.y.domain[1]).toBeLessThan(3);
    expect(geometry.hidden).toBeGreaterThanOrEqual(1);
    expect(geometryOf(spiky, VIEW, FRAME)!.hidden).toBe(0);
  });

  test('a zoom looks at its own values only', () => {
    const falling = spec([line(600, (i) => (i < 100 ? 50 : 2))]);
    const geometry = geometryOf(falling, { ...VIEW, smoothing: 0, zoom: [200, 400] }, FRAME)!;
    expect(geometry.y.domain[1]).toBeLessThan(3);
    expect(geometry.xTicks.every((tick) => tick.value >= 200 && tick.value <= 400)).toBe(true);
  });

  test('names at the ends of overlaid lines stand apart', () => {
    const runs = [2, 2.01, 2.02].map((end, i) => line(60, () => end, { id: `r${i}`, label: `run ${i}` }));
    const geometry = geometryOf(spec(runs, { xEnd: 60 }), VIEW, { ...FRAME, endLabels: true })!;
    const at = geometry.endLabels.map((label) => label.labelY).sort((a, b) => a - b);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(14.9);
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(14.9);
  });
});

describe('readings', () => {
  test('between two measurements the earlier one is read', () => {
    const student = perplexity().series[0]!;
    expect(readAt(student, 212)).toMatchObject({ x: 200, value: 41.6 });
    expect(readAt(student, null)).toMatchObject({ x: 300, value: 47.6 });
    expect(readAt({ ...student, measured: false }, 251)).toMatchObject({ x: 300 });
  });

  test('the table has one row for every x of any series', () => {
    const a = line(2, () => 1);
    const b = { ...line(2, () => 2, { id: 'b' }), x: Float64Array.from([2, 3]) };
    expect(tableRows([a, b])).toEqual([
      { x: 1, values: [1, null] },
      { x: 2, values: [1, 2] },
      { x: 3, values: [null, 2] },
    ]);
  });

  test('the summary names trend, best and references', () => {
    expect(summaryOf(perplexity())).toBe(
      'Validation perplexity. student falls from 1,301 to 47.6 by step 300, best 41.6 at step 200. ' +
        'Reference: teacher 31.2, before training 1,301.',
    );
    expect(summaryOf(spec([line(0, () => 0)]))).toBe('Loss, by term: no points yet.');
    expect(summaryOf(spec([line(100, (i) => 9 - i / 20)]))).toContain('Still falling.');
  });
});
