/** The rows of tables 1, 2 and 5: scores on the dev sets of GLUE and SuperGLUE, in percent. */
import type { OwnRun } from './own';
import { preTrainingOf } from './own';
import { apart, fixed, groupsAt, nameCell, ownRow, result, worksAt, type RowsContext } from './rowCells';
import type { OwnGroup, SheetCell, SheetRow } from './sheet';
import { summarise } from './statistics';
import type { PaperRow } from './tables';
import { GLUE_TASKS } from './works';

/** The metric that the paper prints, as Decant's reports name it. */
const GLUE_METRIC: Readonly<Record<string, string>> = { cola: 'matthews', mrpc: 'f1' };

const score = (metric: string) => (run: OwnRun) => {
  const share = run.scores?.[metric];
  return share === undefined ? null : 100 * share;
};

/** The part of a group that learned this task, as a cell. */
function taskCell(group: OwnGroup, task: string, metric: string): SheetCell {
  const runs = group.runs.filter(({ recipe }) => recipe.data.kind === 'task' && recipe.data.task === task);
  return runs.length > 0 ? result({ ...group, runs }, score(metric), 1) : { text: '–' };
}

/** Name, with the letters of all that differs: a task's cells have no room for them. */
function lettered(group: OwnGroup, { book }: RowsContext): SheetCell {
  const name = nameCell(group, book);
  const spots = ['layers', 'preData', 'preEpochs', 'epochs'] as const;
  const letters = [name.letters, ...spots.map((spot) => book.at(group, spot))].filter(Boolean).join(', ');
  book.whole(group);
  return { ...name, letters: letters || undefined };
}

function ownGlue(group: OwnGroup, i: number, table: number, row: PaperRow, context: RowsContext): SheetRow {
  const name = lettered(group, context);
  const tasks = GLUE_TASKS.map(
    (task) => [task, taskCell(group, `glue/${task}`, GLUE_METRIC[task] ?? 'accuracy')] as const,
  );
  const means = tasks.flatMap(([, { figure }]) => (figure ? figure.mean : []));
  const average: SheetCell =
    means.length === tasks.length ? { figure: { ...summarise(means), sd: null }, digits: 1 } : { text: '–' };
  return ownRow(group, i, `${table} ${row.model}`, {
    name,
    ...Object.fromEntries(tasks),
    average,
    apart: apart(group, average, row.cells['average']),
  });
}

/** Tables 1 and 2. */
export function glueRows(context: RowsContext): SheetRow[] {
  return [1, 2].flatMap((table) =>
    context.printed(table).flatMap((row) => {
      const { model, cells } = row;
      const figures = [...GLUE_TASKS, 'average'].map(
        (id) => [id, { text: fixed(cells[id], 1), mark: context.mark(table, model, id) }] as const,
      );
      const printed: SheetRow = {
        id: `${table} ${model}`,
        kind: 'printed',
        works: worksAt(table, model),
        runIds: [],
        cells: { table: { text: String(table) }, name: { text: model }, ...Object.fromEntries(figures) },
      };
      const groups = groupsAt(context, table, model);
      return [printed, ...groups.map((group, i) => ownGlue(group, i, table, row, context))];
    }),
  );
}

const SUPERGLUE: readonly { id: string; task: string; metric: string }[] = [
  { id: 'boolq', task: 'boolq', metric: 'accuracy' },
  { id: 'copa', task: 'copa', metric: 'accuracy' },
  { id: 'cb', task: 'cb', metric: 'accuracy' },
  { id: 'cbF1', task: 'cb', metric: 'macroF1' },
  { id: 'rte', task: 'rte', metric: 'accuracy' },
  { id: 'wic', task: 'wic', metric: 'accuracy' },
  { id: 'wscF1', task: 'wsc', metric: 'f1' },
  { id: 'wsc', task: 'wsc', metric: 'accuracy' },
];

function ownCleaning(group: OwnGroup, i: number, row: PaperRow, context: RowsContext): SheetRow {
  const name = lettered(group, context);
  const preTrains = preTrainingOf(group.runs[0]!.recipe) !== undefined;
  const zeroShot = result(group, (run) => (preTrains ? run.preTrained : run.zeroShot), 1);
  const fineTuned = result(group, (run) => run.perplexity, 1, context.book.at(group, 'figure'));
  return ownRow(group, i, row.model, {
    ...{ name, zeroShot, fineTuned },
    apart: apart(group, fineTuned, row.cells['fineTuned']),
    ...Object.fromEntries(
      SUPERGLUE.map(({ id, task, metric }) => [id, taskCell(group, `superglue/${task}`, metric)]),
    ),
  });
}

/** Table 5. */
export function cleaningRows(context: RowsContext): SheetRow[] {
  return context.printed(5).flatMap((row) => {
    const { model, cells } = row;
    const marked = (id: string, digits: number): SheetCell => ({
      text: fixed(cells[id], digits),
      mark: context.mark(5, model, id),
    });
    const printed: SheetRow = {
      id: model,
      kind: 'printed',
      works: worksAt(5, model),
      runIds: [],
      cells: {
        name: { text: model.replace(/,.*/, ''), mark: context.mark(5, model, 'model') },
        dataset: { text: String(cells['dataset']) },
        hours: { text: String(cells['hours']) },
        zeroShot: marked('zeroShot', 2),
        fineTuned: marked('fineTuned', 2),
        ...Object.fromEntries(SUPERGLUE.map(({ id }) => [id, marked(id, id === 'copa' ? 0 : 2)])),
      },
    };
    const groups = groupsAt(context, 5, model);
    return [printed, ...groups.map((group, i) => ownCleaning(group, i, row, context))];
  });
}
