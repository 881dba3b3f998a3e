import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { xText } from './axes';
import { formatCount } from './format';
import { useCursor, type ChartGroup } from './group';
import { bestIndex } from './annotations';
import { tableRows, xHead, type TableRow } from './readout';
import type { LineChartSpec } from './spec';

const ROW = 26;
/** Rows drawn beyond the visible ones. */
const SPARE = 6;

/** Index of the last row at or before x. */
function rowAt(rows: readonly TableRow[], x: number | null): number {
  return x === null ? -1 : rows.findLastIndex((row) => row.x <= x);
}

/** The chart's figures; only the rows in view are in the page, and the marked row follows the cursor. */
export function DataTable({ spec, group, tall }: { spec: LineChartSpec; group: ChartGroup; tall: boolean }) {
  const rows = useMemo(() => tableRows(spec.series), [spec]);
  const cursor = useCursor(group);
  const marked = rowAt(rows, cursor);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = tall ? 340 : 156;
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const shown = rows.slice(first, first + Math.ceil(height / ROW) + 2 * SPARE);
  const series = spec.series;
  const best = spec.markBest ? series.map((one) => one.y[bestIndex(one.y, spec)]) : [];

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || marked < 0) return;
    const at = marked * ROW;
    if (at < element.scrollTop || at > element.scrollTop + height - 2 * ROW)
      element.scrollTop = at - height / 2;
  }, [marked, height]);

  return (
    <>
      <div
        ref={box}
        className="decant-data"
        style={{ height }}
        tabIndex={0}
        role="region"
        aria-label={`${spec.title}, data table`}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <table aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              <th scope="col">{xHead(spec.xUnit).replace(', ms', '')}</th>
              {series.map((one) => (
                <th key={one.id} scope="col" className="num">
                  {one.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr aria-hidden="true" style={{ height: first * ROW }} />
            {shown.map((row, i) => (
              <tr key={row.x} aria-rowindex={first + i + 2} className={first + i === marked ? 'marked' : ''}>
                <td>{xText(row.x, spec.xUnit).replace('step ', '')}</td>
                {row.values.map((value, column) => (
                  <td key={series[column]!.id} className="num">
                    {value === null ? '–' : spec.formatValue(value)}
                    {value !== null && value === best[column] && <small> best</small>}
                  </td>
                ))}
              </tr>
            ))}
            <tr
              aria-hidden="true"
              style={{ height: Math.max(0, rows.length - first - shown.length) * ROW }}
            />
          </tbody>
        </table>
      </div>
      <p className="small faint">{formatCount(rows.length)} points</p>
    </>
  );
}
