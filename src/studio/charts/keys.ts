/** What a key does in a chart (visual.md, section 6). Pure but for moving the group's cursor. */
import { xText } from './axes';
import type { DrawnLine } from './drawn';
import { bestIndex } from './annotations';
import type { ChartGroup } from './group';
import { readAt } from './readout';
import type { ChartView, LineChartSpec } from './spec';

interface KeyContext {
  spec: LineChartSpec;
  lines: readonly DrawnLine[];
  group: ChartGroup;
  /** Which line the cursor walks on. */
  chosen: number;
  view: ChartView;
  singleKeys: boolean;
}

export interface KeyAction {
  chosen?: number;
  /** Read out politely. */
  spoken?: string;
  change?: { log?: boolean; smoothing?: number };
  /** Show or hide the data table. */
  table?: boolean;
}

interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

function wordsAt(context: KeyContext, line: DrawnLine, x: number): string {
  const { spec } = context;
  const reading = readAt({ ...line, y: line.values }, x);
  const label = spec.series.find((one) => one.id === line.id)?.label ?? line.id;
  return `${xText(x, spec.xUnit)}, ${label} ${spec.formatValue(reading.value)}`;
}

function moveTo(context: KeyContext, line: DrawnLine, index: number): KeyAction {
  const x = line.x[Math.max(0, Math.min(line.x.length - 1, index))];
  if (x === undefined) return {};
  context.group.setCursor(x);
  return { spoken: wordsAt(context, line, x) };
}

function move(context: KeyContext, line: DrawnLine, by: number): KeyAction {
  const cursor = context.group.cursor();
  const reading = readAt({ ...line, y: line.values }, cursor);
  return moveTo(context, line, cursor === null ? reading.index : reading.index + by);
}

function choose(context: KeyContext, lines: readonly DrawnLine[], by: number): KeyAction {
  const chosen = (context.chosen + by + lines.length) % lines.length;
  const line = lines[chosen]!;
  const x = context.group.cursor() ?? line.x.at(-1);
  return { chosen, spoken: x === undefined ? '' : wordsAt(context, line, x) };
}

/** What the key asks for, or null when it is not the chart's. */
export function chartKey(event: Key, context: KeyContext): KeyAction | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const { lines } = context;
  const line = lines[Math.min(context.chosen, lines.length - 1)];
  const ten = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case 'ArrowLeft':
      return line ? move(context, line, -ten) : null;
    case 'ArrowRight':
      return line ? move(context, line, ten) : null;
    case 'ArrowUp':
      return line ? choose(context, lines, -1) : null;
    case 'ArrowDown':
      return line ? choose(context, lines, 1) : null;
    case 'Escape':
      if (context.group.cursor() === null) return null;
      context.group.setCursor(null);
      return {};
  }
  return context.singleKeys ? letterKey(event, context, line) : null;
}

function letterKey(event: Key, context: KeyContext, line: DrawnLine | undefined): KeyAction | null {
  const { view, group } = context;
  switch (event.key.toLowerCase()) {
    case 'b': {
      if (!line) return null;
      return moveTo(context, line, bestIndex(line.values, context.spec));
    }
    case 'd':
      return { table: true };
    case 'l':
      return { change: { log: !view.log }, spoken: view.log ? 'Linear scale' : 'Log scale' };
    case '[':
      return smoothTo(view.smoothing - 0.1);
    case ']':
      return smoothTo(view.smoothing + 0.1);
    case '0':
      group.setZoom(null);
      return { spoken: 'Whole range' };
    default:
      return null;
  }
}

/** The most that smoothing may weigh the past. */
export const MOST_SMOOTHING = 0.99;

function smoothTo(wish: number): KeyAction {
  const smoothing = Math.max(0, Math.min(MOST_SMOOTHING, Math.round(wish * 100) / 100));
  return { change: { smoothing }, spoken: `Smoothing ${smoothing.toFixed(2)}` };
}
