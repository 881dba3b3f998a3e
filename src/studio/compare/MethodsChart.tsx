import { type Ref } from 'react';
import { FigureCard } from '../charts/FigureCard';
import { formatFigure, formatTick } from '../charts/format';
import { linearTicks, scaleOf } from '../charts/scale';
import { methodsTable } from './methodsFiles';
import { BASELINE, verdict, type Measure, type MethodRow } from './methodsPlan';

interface PictureProps {
  rows: readonly MethodRow[];
  measure: Measure;
  width: number;
  height: number;
  ref: Ref<SVGSVGElement>;
}

const LABEL = 122;
/** Room for the brackets and their words. */
const RIGHT = 150;
const BRACKET = 10;

/** Values and bands of ± 2 s.d., with a little room at both ends. */
function domainOf(rows: readonly MethodRow[]): [number, number] | null {
  const ends = rows.flatMap(({ summary, values }) => [
    ...values.map(({ value }) => value),
    ...(summary ? [-2, 2].map((by) => summary.mean + by * (summary.sd ?? 0)) : []),
  ]);
  const finite = ends.filter(Number.isFinite);
  if (finite.length === 0) return null;
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

function summaryOf(rows: readonly MethodRow[], measure: Measure): string {
  const words = rows.flatMap((row) =>
    row.summary ? [`${row.label} ${formatFigure(row.summary.mean)}, ${verdict(row, measure)}`] : [],
  );
  return `${measure.label} by method, ${measure.lowerIsBetter ? 'lower' : 'higher'} is better: ${words.join('; ')}.`;
}

interface LineProps {
  row: MethodRow;
  y: number;
  at: (value: number) => number;
}

/** A dot a seed, the mean, and a band of ± 2 s.d. */
function MethodLine({ row, y, at }: LineProps) {
  const { summary, values, label } = row;
  const baseline = row.method === BASELINE;
  return (
    <g>
      <text className="strong" x={LABEL - 10} y={y + 4} textAnchor="end">
        {label}
      </text>
      {summary && summary.sd !== null && (
        <rect
          className="methods-band"
          x={at(summary.mean - 2 * summary.sd)}
          y={y - 8}
          width={Math.max(1, at(summary.mean + 2 * summary.sd) - at(summary.mean - 2 * summary.sd))}
          height={16}
          rx={2}
        />
      )}
      {values.map(({ seed, value }) => (
        <circle key={seed} className="methods-seed" cx={at(value)} cy={y} r={3} />
      ))}
      {summary && (
        <path
          className={baseline ? 'methods-mean base' : 'methods-mean'}
          d={`M${at(summary.mean)} ${y - 9}V${y + 9}`}
        />
      )}
    </g>
  );
}

function Picture({ rows, measure, width, height, ref }: PictureProps) {
  const domain = domainOf(rows);
  if (!domain) return <p className="decant-plot-empty faint">A point appears when a run has ended.</p>;
  const plot = { left: LABEL, right: width - RIGHT, top: 4, bottom: height - 22 };
  const x = scaleOf(domain, [plot.left, plot.right], false);
  const pitch = (plot.bottom - plot.top) / rows.length;
  const yOf = (i: number) => plot.top + pitch * (i + 0.5);
  const base = rows.findIndex(({ method }) => method === BASELINE);
  const alike = rows.flatMap(({ difference }, i) => (difference?.distinguishable === false ? [i] : []));
  return (
    <svg
      ref={ref}
      className="decant-picture"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={summaryOf(rows, measure)}
    >
      {linearTicks(domain[0], domain[1], Math.max(2, Math.floor((plot.right - plot.left) / 70))).map(
        (tick) => (
          <g key={tick}>
            <path className="grid" d={`M${x.at(tick)} ${plot.top}V${plot.bottom}`} />
            <text x={x.at(tick)} y={plot.bottom + 15} textAnchor="middle">
              {formatTick(tick)}
            </text>
          </g>
        ),
      )}
      {rows.map((row, i) => (
        <MethodLine key={row.method} row={row} y={yOf(i)} at={x.at} />
      ))}
      {alike.map((i, step) => {
        const edge = plot.right + 8 + BRACKET * step;
        return (
          <g key={i}>
            <path className="methods-bracket" d={`M${edge - 6} ${yOf(base)}H${edge}V${yOf(i)}H${edge - 6}`} />
            <text x={plot.right + 14 + BRACKET * alike.length} y={yOf(i) + 4}>
              not distinguishable
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** Every method's seeds, mean and spread; brackets join what cannot be told from fine-tuning. */
export function MethodsChart({ rows, measure }: { rows: readonly MethodRow[]; measure: Measure }) {
  return (
    <FigureCard
      title={`${measure.label} by method`}
      unit={`dots are seeds, bands ± 2 s.d., ${measure.lowerIsBetter ? 'lower' : 'higher'} is better`}
      table={methodsTable(rows, measure)}
      draw={(frame) => <Picture rows={rows} measure={measure} {...frame} />}
    />
  );
}
