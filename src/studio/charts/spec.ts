/** What a chart is given. Plain data; the same for the picture, the table, the summary and the exports. */
import type { LineStyle } from './styles';

export interface LineSeries {
  id: string;
  label: string;
  style: LineStyle;
  /** Ascending. */
  x: Float64Array;
  y: Float64Array;
  /** Points measured one by one: drawn as markers, never smoothed. */
  measured?: boolean;
  /** Indices before which the line is broken. */
  breaks?: readonly number[];
  /** Indices at which smoothing begins anew. */
  restarts?: readonly number[];
  /** Words at points, by their index. */
  notes?: ReadonlyMap<number, string>;
}

export interface Reference {
  id: string;
  label: string;
  value: number;
  style: LineStyle;
  /** The value as written; by the chart's format otherwise. */
  text?: string;
}

/** A place on the x axis with a name: a stage, or a part of a method, begins there. */
export interface Mark {
  x: number;
  label: string;
  /** Shorter names, for where the long one has no room before the next mark. */
  shorter?: readonly string[];
}

/** A stretch of the x axis with a grey ground. */
export interface Band {
  from: number;
  to: number;
}

export type XUnit = 'step' | 'tokens' | 'time';

export interface LineChartSpec {
  title: string;
  /** Unit and protocol, in grey at the right. */
  unit: string;
  series: readonly LineSeries[];
  references?: readonly Reference[];
  /** Ascending. */
  marks?: readonly Mark[];
  /** Ascending, apart from each other; `bandLabel` says what they are. */
  bands?: readonly Band[];
  bandLabel?: string;
  /** What is to come, where it is known: drawn dashed and grey, no part of table and legend. */
  planned?: Pick<LineSeries, 'x' | 'y'>;
  xUnit: XUnit;
  /** The planned end; 0 when the last point is the end. */
  xEnd: number;
  /** How far the work is, where that is beyond the last point. */
  xNow?: number;
  /** The best measured value of the first series is ringed and labelled: the lowest one. */
  markBest?: boolean;
  /** The best one is the highest. */
  higherIsBetter?: boolean;
  formatValue: (value: number) => string;
  formatTick?: (value: number) => string;
}

/** How the reader wants to see it. */
export interface ChartView {
  log: boolean;
  clip: boolean;
  /** Weight of the past in the moving average, 0 to 0.99. */
  smoothing: number;
  zoom: readonly [number, number] | null;
}

/** What a chart takes over from its page until its own menu says otherwise. */
export type ChartDefaults = Pick<ChartView, 'log' | 'clip' | 'smoothing'>;

export type ChartMode = 'chart' | 'both' | 'table';
