/** The comparison's table as files. Pure. */
import type { WrittenTable } from '../../paper/written';
import { formatFigure } from '../charts/format';
import { verdict, type Measure, type MethodRow } from './methodsPlan';

/** `39.8 ± 0.3`; without a spread for one seed. */
export function meanText(row: MethodRow): string {
  if (!row.summary) return '–';
  const { mean, sd } = row.summary;
  return `${formatFigure(mean)}${sd === null ? '' : ` ± ${formatFigure(sd)}`}`;
}

/** `−0.3, from −1.4 to 0.8` */
export function differenceText({ difference }: MethodRow): string {
  if (!difference) return '–';
  const { mean, low, high } = difference;
  const signed = `${mean > 0 ? '+' : ''}${formatFigure(mean)}`;
  return low === null || high === null
    ? signed
    : `${signed}, from ${formatFigure(low)} to ${formatFigure(high)}`;
}

/** Numbers in full, with every seed's own value. */
export function methodsTable(rows: readonly MethodRow[], measure: Measure) {
  const seeds = [...new Set(rows.flatMap(({ values }) => values.map(({ seed }) => seed)))].sort(
    (a, b) => a - b,
  );
  return {
    head: [
      ...['method', 'measure', 'mean', 'sd', 'seeds'],
      ...['difference to fine-tuning', 'low 95 %', 'high 95 %', 'reads', 'time_ms'],
      ...seeds.map((seed) => `seed ${seed}`),
    ],
    rows: rows.map((row) => [
      ...[row.label, measure.label, row.summary?.mean ?? null, row.summary?.sd ?? null, row.values.length],
      ...[row.difference?.mean ?? null, row.difference?.low ?? null, row.difference?.high ?? null],
      ...[verdict(row, measure), row.timeMs],
      ...seeds.map((seed) => row.values.find((one) => one.seed === seed)?.value ?? null),
    ]),
  };
}

export function methodsWritten(rows: readonly MethodRow[], measure: Measure): WrittenTable {
  const seeds = Math.max(0, ...rows.map(({ values }) => values.length));
  return {
    title: `Methods with the same student, data order and ${seeds === 1 ? 'seed' : `${seeds} seeds`}`,
    columns: [
      { label: 'Method', number: false },
      { label: measure.label, number: true },
      { label: 'Difference to fine-tuning', number: true },
      { label: 'Reads', number: false },
    ],
    rows: rows.map((row) => ({
      own: false,
      cells: [row.label, meanText(row), differenceText(row), verdict(row, measure)],
    })),
    notes: [
      {
        mark: '–',
        text: 'Mean ± standard deviation over seeds. Differences are paired by seed, with a 95 % t interval.',
      },
    ],
  };
}
