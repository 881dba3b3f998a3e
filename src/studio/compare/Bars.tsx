import type { Ref } from 'react';
import { formatFigure, formatTick } from '../charts/format';
import { linearDomain, linearTicks, scaleOf } from '../charts/scale';
import type { SweepEntry } from './sweep';

interface BarPictureProps {
  entries: readonly SweepEntry[];
  width: number;
  height: number;
  ref: Ref<SVGSVGElement>;
}

const LABEL = 150;
const BAR = 16;

function summaryOf(entries: readonly SweepEntry[]): string {
  const measured = entries.filter((entry) => entry.row !== null);
  if (measured.length === 0) return 'Zero-shot perplexity by layer set: nothing measured yet.';
  const words = measured.map((entry) => `${entry.label} ${formatFigure(entry.row!.perplexity)}`);
  return `Zero-shot perplexity by layer set, lower is better: ${words.join(', ')}.`;
}

/** One bar a layer set from zero; the teacher is a dashed line through all of them. */
export function BarPicture({ entries, width, height, ref }: BarPictureProps) {
  const values = entries.flatMap((entry) => (entry.row ? [entry.row.perplexity] : []));
  const finite = values.filter((value) => Number.isFinite(value));
  const plot = { left: LABEL, right: width - 64, top: 4, bottom: height - 20 };
  const most = Math.max(2, Math.min(6, Math.floor((plot.right - plot.left) / 52)));
  const domain = linearDomain(0, Math.max(0, ...finite), most);
  const x = scaleOf(domain, [plot.left, plot.right], false);
  const pitch = (plot.bottom - plot.top) / Math.max(1, entries.length);
  const teacher = entries.find((entry) => entry.id === 'all')?.row?.perplexity;
  return (
    <svg
      ref={ref}
      className="decant-picture"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={summaryOf(entries)}
    >
      {finite.length > 0 &&
        linearTicks(domain[0], domain[1], most).map((tick) => (
          <g key={tick}>
            <path className="grid" d={`M${x.at(tick)} ${plot.top}V${plot.bottom}`} />
            <text x={x.at(tick)} y={plot.bottom + 15} textAnchor="middle">
              {formatTick(tick)}
            </text>
          </g>
        ))}
      {entries.map((entry, i) => (
        <Bar key={entry.id} entry={entry} y={plot.top + pitch * (i + 0.5)} left={plot.left} to={x.at} />
      ))}
      {teacher !== undefined && Number.isFinite(teacher) && (
        <path
          className="reference"
          d={`M${x.at(teacher)} ${plot.top}V${plot.bottom}`}
          stroke="var(--decant-teacher)"
          strokeDasharray="6 4"
        />
      )}
    </svg>
  );
}

interface BarProps {
  entry: SweepEntry;
  y: number;
  left: number;
  to: (value: number) => number;
}

function Bar({ entry, y, left, to }: BarProps) {
  const value = entry.row?.perplexity;
  const colour = entry.id === 'all' ? 'var(--decant-teacher)' : 'var(--decant-student)';
  const end = value !== undefined && Number.isFinite(value) ? to(value) : left;
  return (
    <g>
      <text className="strong" x={left - 10} y={y + 4} textAnchor="end">
        {entry.label.replace(', all layers', '')}
      </text>
      <rect x={left} y={y - BAR / 2} width={Math.max(0, end - left)} height={BAR} rx={2} fill={colour} />
      <text className="strong" x={end + 6} y={y + 4}>
        {value === undefined ? '…' : formatFigure(value)}
      </text>
    </g>
  );
}
