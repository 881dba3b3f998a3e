/**
 * The paper's tables with the user's runs beside them, as data: what the page draws and every export writes. Printed
 * rows keep the paper's order and wording; a run of the user's stands below the row it corresponds to, as mean and
 * standard deviation over its seeds.
 */
import { comparable, groupKey, workOf } from './compare';
import { differences, type Difference } from './differences';
import { DISAGREEMENTS, SWAPPED_ROWS } from './disagreements';
import type { OwnRun } from './own';
import { SECTIONS, type SectionId } from './sections';
import type { Summary } from './statistics';
import { PAPER_TABLES, type PaperRow } from './tables';
import type { Work } from './works';

export interface SheetColumn {
  id: string;
  label: string;
  /** A head over several columns. */
  group?: string;
  kind: 'text' | 'layers' | 'number';
}

export interface SheetCell {
  text?: string;
  layers?: readonly number[];
  /** Of how many layers, for the glyph. */
  nLayer?: number;
  /** A result of the user's. */
  figure?: Summary;
  /** Decimals of the figure, as many as the paper prints. */
  digits?: number;
  /** Letters of what differs. */
  letters?: string;
  /** Number of the disagreement that this cell is part of. */
  mark?: number;
}

export interface SheetRow {
  id: string;
  kind: 'printed' | 'own';
  cells: Readonly<Record<string, SheetCell>>;
  /** What a recipe can be made from; of a row of several tasks all of them. */
  works: readonly Work[];
  /** Own rows: the runs in it. */
  runIds: readonly string[];
}

export interface SheetSection {
  id: SectionId;
  title: string;
  subtitle: string;
  columns: readonly SheetColumn[];
  rows: readonly SheetRow[];
}

export interface Sheet {
  sections: readonly SheetSection[];
  /** `mark` is a letter, or a dash for what holds for rows as a whole. */
  differences: readonly { mark: string; text: string }[];
  disagreements: readonly { number: number; id: string; text: string; cite: string }[];
}

export interface SheetOptions {
  sections?: readonly SectionId[];
  /** Table 1's MNLI and QNLI read the other way round. */
  swapped?: boolean;
}

/** Runs of one row of the user's. */
export interface OwnGroup {
  work: Work;
  runs: readonly OwnRun[];
  /** May be taken from the printed figures. */
  comparable: boolean;
  differences: readonly Difference[];
}

/** Runs that repeat a row of the paper, those that differ in the seed alone together. */
export function groupRuns(runs: readonly OwnRun[]): OwnGroup[] {
  const groups = new Map<string, { work: Work; runs: OwnRun[] }>();
  for (const run of runs) {
    const work = workOf(run);
    if (!work) continue;
    const key = groupKey(run, work);
    const group = groups.get(key) ?? { work, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ work, runs: own }) => {
    const all = own.flatMap((run) => differences(run, workOf(run)!));
    const seen = new Set<string>();
    const unique = all.filter(({ text }) => !seen.has(text) && seen.add(text));
    return { work, runs: own, comparable: own.every(comparable), differences: unique };
  });
}

const letter = (index: number): string =>
  index < 26 ? String.fromCharCode(97 + index) : `${letter(Math.floor(index / 26) - 1)}${letter(index % 26)}`;

/** Gives every sentence its letter when it is first met. */
function letterBook() {
  const letters = new Map<string, string>();
  const dashes = new Set<string>();
  return {
    /** The letters that stand at a spot of this group's row. */
    at(group: OwnGroup, spot: Difference['spot']): string | undefined {
      const found = group.differences.filter((difference) => difference.spot === spot);
      for (const { text } of found) if (!letters.has(text)) letters.set(text, letter(letters.size));
      return found.map(({ text }) => letters.get(text)!).join(', ') || undefined;
    },
    whole(group: OwnGroup) {
      for (const { spot, text } of group.differences) if (spot === 'all') dashes.add(text);
    },
    list: () => [
      ...[...letters].map(([text, mark]) => ({ mark, text })),
      ...[...dashes].map((text) => ({ mark: '–', text })),
    ],
  };
}

export type LetterBook = ReturnType<typeof letterBook>;

/** A row as printed, or with table 1's two columns swapped back. */
function readRow(table: number, row: PaperRow, swapped: boolean): PaperRow {
  if (!swapped || table !== 1 || !(SWAPPED_ROWS as readonly string[]).includes(row.model)) return row;
  const { mnli, qnli } = row.cells;
  return { ...row, cells: { ...row.cells, mnli: qnli!, qnli: mnli! } };
}

export function paperSheet(
  runs: readonly OwnRun[],
  { sections: wanted, swapped = false }: SheetOptions = {},
): Sheet {
  const shown = SECTIONS.filter(({ id }) => !wanted || wanted.includes(id));
  const tables = new Set(shown.flatMap((section) => section.tables));
  const groups = groupRuns(runs);
  const book = letterBook();
  const disagreements = DISAGREEMENTS.filter(({ cells }) => cells.some(({ table }) => tables.has(table)));
  const marks = new Map(
    disagreements.flatMap(({ cells }, i) =>
      cells.map(({ table, row, column }) => [`${table}|${row}|${column}`, i + 1] as const),
    ),
  );
  const printed = (table: number) =>
    PAPER_TABLES.find(({ number }) => number === table)!.rows.map((row) => readRow(table, row, swapped));
  const sections = shown.map(({ id, title, subtitle, columns, rows }) => ({
    id,
    title,
    subtitle,
    columns,
    rows: rows({
      printed,
      groups,
      book,
      mark: (table, row, column) => marks.get(`${table}|${row}|${column}`),
    }),
  }));
  const numbered = disagreements.map(({ id, text, cite }, i) => ({ number: i + 1, id, text, cite }));
  return { sections, differences: book.list(), disagreements: numbered };
}
