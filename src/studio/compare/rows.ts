/** The table of runs: its rows, its order, and its file. Pure. */
import { sameProtocol } from '../../recipe/protocols';
import type { LineStyle } from '../charts/styles';
import { RUN_STYLES } from '../charts/styles';
import { fieldWords } from '../run/protocolWords';
import { isActive, type RunRecord } from '../storeRuns';
import type { MethodCard, PerplexityReport } from '../../worker/protocol';
import { differences } from './differs';
import { judge, measuredApart, measureOf, type Judged, type Measure } from './measures';

export interface CompareRow {
  run: RunRecord;
  focus: boolean;
  /** Its look in the charts; null when it is not shown there. */
  style: LineStyle | null;
  differs: string;
  k: number;
  method: string;
  /** By the measure of the run in focus; null where a run has another one. */
  before: number | null;
  after: number | null;
  /** False of another task, text or protocol: its figures mean something else. */
  comparable: boolean;
  /** In what its measure differs from that of the run in focus; empty where it does not. */
  apart: string;
  measure: Measure;
  /** By its own measure. */
  own: Judged;
  parameters: number | null;
  timeMs: number | null;
}

export type SortKey = 'name' | 'k' | 'method' | 'before' | 'after' | 'parameters' | 'timeMs';

export interface Sort<Key extends string> {
  key: Key;
  descending: boolean;
}

/** At most so many runs stand in a chart: there are six looks. */
export const MOST_SHOWN = RUN_STYLES.length;

/** Looks by run id: the run in focus has the first, the others follow in their order. */
export function looksOf(
  runs: readonly { id: string }[],
  focusId: string | null,
  hidden: ReadonlySet<string>,
): Map<string, LineStyle> {
  const focus = runs.filter((run) => run.id === focusId && !hidden.has(run.id));
  const others = runs.filter((run) => run.id !== focusId && !hidden.has(run.id));
  // The first look is kept for the run in focus, also while that run is not shown.
  const first = focus.length > 0 ? 0 : 1;
  const shown = [...focus, ...others].slice(0, MOST_SHOWN - first);
  return new Map(shown.map((run, i) => [run.id, RUN_STYLES[i + first]!]));
}

function methodOf(run: RunRecord, methods: readonly Pick<MethodCard, 'id' | 'label'>[]): string {
  const labels = run.recipe.stages.map(
    (stage) => methods.find((method) => method.id === stage.method)?.label ?? stage.method,
  );
  return labels.length > 0 ? labels.join(', then ') : 'no training';
}

export function compareRows(
  runs: readonly RunRecord[],
  focusId: string | null,
  hidden: ReadonlySet<string>,
  methods: readonly Pick<MethodCard, 'id' | 'label'>[],
): CompareRow[] {
  const looks = looksOf(runs, focusId, hidden);
  const focus = runs.find((run) => run.id === focusId);
  const reference = focus ?? runs.at(-1);
  return runs.map((run) => {
    const measure = measureOf(run);
    const own = judge(run);
    const apart = measuredApart(measure, measureOf(reference!));
    const comparable = apart === '';
    const words = focus && focus !== run ? differences(run, focus) : [];
    return {
      run,
      focus: run === focus,
      style: looks.get(run.id) ?? null,
      differs: run === focus ? 'the run in focus' : words.join(', ') || 'nothing',
      k: run.layers.length,
      method: methodOf(run, methods),
      before: comparable ? own.before : null,
      after: comparable ? own.after : null,
      comparable,
      apart,
      measure,
      own,
      parameters: run.result?.parameters ?? null,
      timeMs: run.result?.wallMs ?? null,
    };
  });
}

/** What the rows that can be compared are judged by. */
export const sharedMeasure = (rows: readonly CompareRow[]): Measure | undefined =>
  (rows.find(({ focus }) => focus) ?? rows.at(-1))?.measure;

/** What a run shows in place of its result. */
export function stateText(run: RunRecord): string {
  if (run.state === 'failed') return 'ended with an error';
  if (run.state === 'stopped') return 'stopped';
  return isActive(run) ? `${run.state} …` : '';
}

function compareCells(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === 'string' ? a.localeCompare(String(b)) : a - Number(b);
}

/** Sorted by a key; what is missing comes last either way; equal ones keep their order. */
export function sortBy<T, Key extends string>(
  rows: readonly T[],
  sort: Sort<Key>,
  cell: (row: T, key: Key) => string | number | null,
): T[] {
  return [...rows].sort((a, b) => {
    const [one, other] = [cell(a, sort.key), cell(b, sort.key)];
    const order = compareCells(one, other);
    return one !== null && other !== null && sort.descending ? -order : order;
  });
}

export function rowCell(row: CompareRow, key: SortKey): string | number | null {
  return key === 'name' ? row.run.name : row[key];
}

/** The first click on a head sorts upwards, the second downwards. */
export function nextSort<Key extends string>(sort: Sort<Key>, key: Key): Sort<Key> {
  return { key, descending: sort.key === key && !sort.descending };
}

export function compareTable(rows: readonly CompareRow[]) {
  return {
    head: [
      'run',
      'differs in',
      'layers',
      'k',
      'method',
      'measure',
      'measured on',
      'protocol',
      'before',
      'after',
      'parameters',
      'time_ms',
    ],
    rows: rows.map((row) => [
      row.run.name,
      row.differs,
      row.run.layers.join(' '),
      row.k,
      row.method,
      row.measure.label,
      row.measure.on,
      row.measure.fields ? fieldWords(row.measure.fields) : '',
      row.own.before,
      row.own.after,
      row.parameters,
      row.timeMs,
    ]),
  };
}

/** `16,384 tokens, windows of 128` when all reports were made alike, else null. */
export function commonProtocol(reports: readonly PerplexityReport[]): PerplexityReport | null {
  const [first] = reports;
  if (!first) return null;
  const alike = reports.every(
    (one) => one.tokens === first.tokens && one.words === first.words && sameProtocol(one, first),
  );
  return alike ? first : null;
}
