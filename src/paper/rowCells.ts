/** The cells of a row of the user's: means over seeds, differences to what is printed, layers, letters. */
import { lengthOf } from './differences';
import { dataOf } from '../recipe/pipeline';
import { type OwnRun } from './own';
import type { LetterBook, OwnGroup, SheetCell, SheetRow } from './sheet';
import { summarise, type Summary } from './statistics';
import type { PaperRow } from './tables';
import { FAMILIES, WORKS, type Work } from './works';

export interface RowsContext {
  printed: (table: number) => readonly PaperRow[];
  groups: readonly OwnGroup[];
  book: LetterBook;
  /** The number of the disagreement at a cell. */
  mark: (table: number, row: string, column: string) => number | undefined;
}

export const worksAt = (table: number, row: string): Work[] =>
  WORKS.filter(({ places }) => places.some((place) => place.table === table && place.row === row));

export const groupsAt = ({ groups }: RowsContext, table: number, row: string): OwnGroup[] =>
  groups.filter(({ work }) => work.places.some((place) => place.table === table && place.row === row));

/** Mean over the runs that have the figure. */
function over(
  runs: readonly OwnRun[],
  value: (run: OwnRun) => number | null | undefined,
): Summary | undefined {
  const values = runs.flatMap((run) => value(run) ?? []);
  return values.length > 0 ? summarise(values) : undefined;
}

/** A result, or what its run is doing meanwhile. */
export function result(
  group: OwnGroup,
  value: Parameters<typeof over>[1],
  digits: number,
  letters?: string,
): SheetCell {
  const figure = over(group.runs, value);
  const state = group.runs.find((run) => run.state !== null)?.state;
  return figure ? { figure, digits, letters } : { text: state ?? '–' };
}

/** Own minus printed, where both are there and may be taken from each other. */
export function apart(
  group: OwnGroup,
  cell: SheetCell,
  printed: PaperRow['cells'][string] | undefined,
): SheetCell {
  if (!group.comparable || !cell.figure || typeof printed !== 'number') return { text: '–' };
  const difference = cell.figure.mean - printed;
  return { text: `${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(1)}` };
}

/** `1 × 0.7`: one device, hours of the whole run. */
export function deviceHours({ runs }: OwnGroup): string {
  const time = over(runs, ({ timeMs }) => timeMs);
  if (!time) return '–';
  const hours = time.mean / 3_600_000;
  return `1 × ${hours >= 0.1 ? hours.toFixed(1) : Number(hours.toPrecision(1))}`;
}

export function nameCell(group: OwnGroup, book: LetterBook): SheetCell {
  const [first] = group.runs;
  const seeds = new Set(group.runs.map(({ recipe }) => recipe.seed)).size;
  const name = first!.name.replace(/, seed \d+$/, '');
  return { text: seeds > 1 ? `${name}, ${seeds} seeds` : name, letters: book.at(group, 'name') };
}

export const setCell = ({ runs, work }: OwnGroup, letters?: string): SheetCell => ({
  layers: runs[0]!.layers,
  nLayer: Math.max(FAMILIES[work.teacher].layers, ...runs[0]!.layers.map((layer) => layer + 1)),
  letters,
});

export const fineTuned = ({ runs }: OwnGroup): string => {
  const { recipe } = runs[0]!;
  const last = recipe.stages.at(-1)!;
  const data = dataOf(recipe, last);
  return last.epochs === undefined && data.kind === 'lm'
    ? lengthOf(last, data.contextLength).replace(/ of .*/, '')
    : String(last.epochs ?? '–');
};

export const ownRow = (group: OwnGroup, i: number, prefix: string, cells: SheetRow['cells']): SheetRow => ({
  id: `${prefix} own ${i}`,
  kind: 'own',
  cells,
  works: [group.work],
  runIds: group.runs.map(({ id }) => id),
});

export const fixed = (value: PaperRow['cells'][string] | undefined, digits: number): string =>
  typeof value === 'number' ? value.toFixed(digits) : '';
