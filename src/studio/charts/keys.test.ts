import { describe, expect, test } from 'vitest';
import { formatFigure } from './format';
import { geometryOf } from './geometry';
import { ChartGroup } from './group';
import { chartKey } from './keys';
import { scatterGeometry } from './scatter';
import type { ChartView, LineChartSpec } from './spec';
import { INK, RUN_STYLES } from './styles';

const VIEW: ChartView = { log: false, clip: false, smoothing: 0, zoom: null };
const x = Float64Array.from({ length: 30 }, (_, i) => i + 1);
const spec: LineChartSpec = {
  title: 'Loss',
  unit: '',
  series: [
    { id: 'total', label: 'total', style: INK, x, y: x.map((value) => Math.abs(value - 12) + 1) },
    { id: 'soft', label: 'soft', style: RUN_STYLES[1]!, x, y: x.map(() => 7) },
  ],
  xUnit: 'step',
  xEnd: 30,
  formatValue: formatFigure,
};
const { lines } = geometryOf(spec, VIEW, { width: 400, height: 300, small: false, endLabels: false })!;

function press(
  key: string,
  group: ChartGroup,
  part: { shiftKey?: boolean; chosen?: number; singleKeys?: boolean } = {},
) {
  const { shiftKey = false, chosen = 0, singleKeys = true } = part;
  const event = { key, shiftKey, ctrlKey: false, metaKey: false, altKey: false };
  return chartKey(event, { spec, lines, group, chosen, view: VIEW, singleKeys });
}

describe('keys in a chart', () => {
  test('arrows walk point by point, with Shift by ten, and stop at the ends', () => {
    const group = new ChartGroup();
    expect(press('ArrowLeft', group)?.spoken).toBe('step 30, total 19.0');
    press('ArrowLeft', group);
    expect(group.cursor()).toBe(29);
    press('ArrowLeft', group, { shiftKey: true });
    expect(group.cursor()).toBe(19);
    press('ArrowRight', group, { shiftKey: true });
    press('ArrowRight', group, { shiftKey: true });
    expect(group.cursor()).toBe(30);
  });
  test('B goes to the lowest value, up and down choose the line', () => {
    const group = new ChartGroup();
    expect(press('b', group)?.spoken).toBe('step 12, total 1.00');
    expect(press('ArrowDown', group)).toMatchObject({ chosen: 1, spoken: 'step 12, soft 7.00' });
    expect(press('ArrowUp', group)).toMatchObject({ chosen: 1 });
  });
  test('0 shows the whole range, brackets smooth, L and D answer', () => {
    const group = new ChartGroup();
    group.setZoom([3, 9]);
    press('0', group);
    expect(group.zoom()).toBeNull();
    expect(press(']', group)?.change).toEqual({ smoothing: 0.1 });
    expect(press('[', group)?.change).toEqual({ smoothing: 0 });
    expect(press('l', group)?.change).toEqual({ log: true });
    expect(press('D', group, { shiftKey: true })?.table).toBe(true);
  });
  test('letters are the page’s when single keys are off; other keys always', () => {
    const group = new ChartGroup();
    expect(press('l', group, { singleKeys: false })).toBeNull();
    expect(press('q', group)).toBeNull();
    expect(press('Escape', group)).toBeNull();
  });
});

describe('a scatter', () => {
  const point = (id: string, at: number, y: number) => ({
    id,
    label: `a run named ${id}`,
    x: at,
    y,
    style: INK,
  });

  test('labels of one column do not touch, and all points are inside', () => {
    const points = [point('a', 1.47, 40), point('b', 1.47, 40.5), point('c', 1.47, 41), point('d', 1.2, 50)];
    const geometry = scatterGeometry(points, ['d', 'a'], { width: 580, height: 260, xUnit: 'M' })!;
    const heights = geometry.points
      .slice(0, 3)
      .map((one) => one.labelAt.y)
      .sort((a, b) => a - b);
    expect(heights[1]! - heights[0]!).toBeGreaterThanOrEqual(13.9);
    expect(heights[2]! - heights[1]!).toBeGreaterThanOrEqual(13.9);
    for (const { at } of geometry.points) {
      expect(at.x).toBeGreaterThanOrEqual(geometry.plot.left);
      expect(at.x).toBeLessThanOrEqual(geometry.plot.right);
      expect(at.y).toBeGreaterThanOrEqual(geometry.plot.top);
      expect(at.y).toBeLessThanOrEqual(geometry.plot.bottom);
    }
    expect(geometry.front).toMatch(/^M[\d.]+ [\d.]+H[\d.]+V[\d.]+$/);
  });
  test('a long label is cut where the picture ends, on the side with more room', () => {
    const long = (at: number) => ({
      ...point('a', at, 40),
      label: 'a name of a run that goes on and on, ' + 'x'.repeat(80),
    });
    const frame = { width: 580, height: 260, xUnit: 'M' };
    const [left, right] = scatterGeometry([long(1), { ...long(2), id: 'b' }], [], frame)!.points;
    expect([left!.labelAt.anchor, right!.labelAt.anchor]).toEqual(['start', 'end']);
    for (const { text, labelAt } of [left!, right!]) {
      expect(text).toMatch(/^a name of a run.*…$/);
      const width = 6.6 * text.length;
      expect(labelAt.anchor === 'start' ? labelAt.x + width : 580 - (labelAt.x - width)).toBeLessThan(580);
    }
  });
  test('a single point has no front, no point no picture', () => {
    expect(scatterGeometry([point('a', 1, 40)], ['a'], { width: 580, height: 260, xUnit: 'M' })!.front).toBe(
      '',
    );
    expect(scatterGeometry([], [], { width: 580, height: 260, xUnit: 'M' })).toBeNull();
  });
});
