/** What a drawn line chart consists of, in pixels. */
import type { Tick } from './axes';
import type { Scale } from './scale';
import type { LineStyle } from './styles';

export interface Point {
  x: number;
  y: number;
}

export interface DrawnLine {
  id: string;
  style: LineStyle;
  /** The line itself; smoothed unless measured. */
  path: string;
  /** The raw values below a smoothed line, or nothing. */
  raw: string;
  markers: Point[];
  /** Values that the line shows, for the cursor and the legend. */
  values: Float64Array;
  x: Float64Array;
  measured: boolean;
}

export interface DrawnReference extends Point {
  id: string;
  style: LineStyle;
  text: string;
  anchor: 'start' | 'end';
  /** Where the line itself is. */
  lineY: number;
}

export interface DrawnMark {
  /** Pixels; a mark at the left edge has a name and no rule. */
  x: number;
  rule: boolean;
  /** Empty where there is no room before the next mark. */
  text: string;
}

export interface EndLabel {
  id: string;
  text: string;
  style: LineStyle;
  from: Point;
  labelY: number;
}

export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Geometry {
  width: number;
  height: number;
  plot: Plot;
  x: Scale;
  y: Scale;
  xTicks: (Tick & { at: number; anchor: 'start' | 'middle' | 'end' })[];
  yTicks: (Tick & { at: number })[];
  lines: DrawnLine[];
  references: DrawnReference[];
  /** What is still to come, shaded. */
  todo: { x: number; width: number } | null;
  gaps: number[];
  marks: DrawnMark[];
  notes: (Point & { text: string; anchor: 'start' | 'end' })[];
  bands: { x: number; width: number }[];
  /** SVG path data of what is planned, or nothing. */
  planned: string;
  best:
    | (Point & {
        text: string;
        labelX: number;
        labelY: number;
        anchor: 'start' | 'end';
        style: LineStyle;
        index: number;
      })
    | null;
  endLabels: EndLabel[];
  hidden: number;
}

export interface Frame {
  width: number;
  height: number;
  small: boolean;
  endLabels: boolean;
}
