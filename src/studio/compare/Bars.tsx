import { Switch } from '@mantine/core';
import { useState, type Ref } from 'react';
import { FigureCard } from '../charts/FigureCard';
import { formatCount, formatFigure, formatTick } from '../charts/format';
import { linearDomain, linearTicks, logDomain, logTicks, scaleOf } from '../charts/scale';
import { sweepTable, wantsLog, type SweepEntry } from './sweep';

interface BarPictureProps {
  entries: readonly SweepEntry[];
  /** Bars then begin at the axis' low end, not at zero. */
  log: boolean;
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

/** One bar a layer set; the teacher is a dashed line through all of them. */
function BarPicture({ entries, log, width, height, ref }: BarPictureProps) {
  const values = entries.flatMap((entry) => (entry.row ? [entry.row.perplexity] : []));
  const finite = values.filter((value) => Number.isFinite(value));
  const plot = { left: LABEL, right: width - 64, top: 4, bottom: height - 20 };
  const most = Math.max(2, Math.min(6, Math.floor((plot.right - plot.left) / 52)));
  const onLog = log && finite.length > 0;
  const highest = Math.max(0, ...finite);
  const domain = onLog ? logDomain(Math.min(...finite) * 0.7, highest) : linearDomain(0, highest, most);
  const ticks = onLog ? logTicks(domain[0], domain[1], most) : linearTicks(domain[0], domain[1], most);
  const x = scaleOf(domain, [plot.left, plot.right], onLog);
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
        ticks.map((tick) => (
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

/** The sweep as bars, filled as its rows arrive; exported like every chart. */
export function SweepBars({ entries }: { entries: readonly SweepEntry[] }) {
  const [chosenLog, setChosenLog] = useState<boolean | null>(null);
  const log = chosenLog ?? wantsLog(entries);
  const tokens = entries.find((entry) => entry.row)?.row?.tokens;
  const drawn = entries.filter((entry) => entry.layers.length > 0);
  return (
    <FigureCard
      title="Zero-shot perplexity by layer set"
      unit={tokens === undefined ? '' : `${formatCount(tokens)} tokens, lower is better`}
      table={sweepTable(entries)}
      tools={<Switch size="xs" label="Log scale" checked={log} onChange={() => setChosenLog(!log)} />}
      draw={(frame) => <BarPicture entries={drawn} log={log} {...frame} />}
    />
  );
}
