import type { DrawnLine } from './drawn';
import { xText } from './axes';
import { useCursor, type ChartGroup } from './group';
import { LineSample } from './Marks';
import { hiddenText, readAt } from './readout';
import type { LineChartSpec, Reference } from './spec';

interface LegendProps {
  spec: LineChartSpec;
  lines: readonly DrawnLine[];
  group: ChartGroup;
  hidden?: number;
  /** Only the first line's value, in bold, for small charts. */
  valueOnly?: boolean;
}

/** Of the reference lines only models stand in the legend; the others are named where they are drawn. */
function hasMarker(reference: Reference): boolean {
  return reference.style.marker !== 'none';
}

/** What each line is and its value at the cursor, or its last one. */
export function Legend({ spec, lines, group, hidden = 0, valueOnly = false }: LegendProps) {
  const cursor = useCursor(group);
  const readings = lines.map((line) => readAt({ ...line, y: line.values }, cursor));
  if (valueOnly) {
    const value = readings[0]?.value ?? NaN;
    return <b className="decant-value">{Number.isNaN(value) ? '' : spec.formatValue(value)}</b>;
  }
  const measured = readings.find((reading, i) => lines[i]!.measured && reading.index >= 0);
  return (
    <p className="decant-legend">
      {lines.map((line, i) => (
        <span key={line.id}>
          <LineSample style={line.style} />
          {spec.series.find((one) => one.id === line.id)?.label}
          <b>{Number.isNaN(readings[i]!.value) ? '–' : spec.formatValue(readings[i]!.value)}</b>
        </span>
      ))}
      {spec.references?.filter(hasMarker).map((one) => (
        <span key={one.id}>
          <LineSample style={one.style} />
          {one.label}
          <b>{spec.formatValue(one.value)}</b>
        </span>
      ))}
      {spec.bandLabel && <span className="faint">{spec.bandLabel}</span>}
      {measured && <span className="faint">last measured at {xText(measured.x, spec.xUnit)}</span>}
      {hidden > 0 && <span className="faint">{hiddenText(hidden)}</span>}
    </p>
  );
}
