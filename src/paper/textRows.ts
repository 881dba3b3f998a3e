/** The rows of tables 3, 4 and 7: perplexity on WikiText-103. */
import { dataOf } from '../recipe/pipeline';
import { preTrainingOf, trainPart } from './own';
import {
  apart,
  deviceHours,
  fineTuned,
  fixed,
  groupsAt,
  nameCell,
  ownRow,
  result,
  setCell,
  worksAt,
  type RowsContext,
} from './rowCells';
import type { OwnGroup, SheetRow } from './sheet';
import type { PaperRow } from './tables';

function printedText(row: PaperRow, tuned: PaperRow, { mark }: RowsContext): SheetRow {
  const { cells, model } = row;
  const times = (of: PaperRow['cells']) => `${String(of['gpus'])} × ${String(of['hours'])}`;
  return {
    id: model,
    kind: 'printed',
    works: worksAt(3, model),
    runIds: [],
    cells: {
      row: { text: String(cells['index']) },
      name: { text: String(cells['teacher']) },
      layers: { text: String(cells['strategy']) },
      fraction: { text: String(cells['fraction']) },
      preEpochs: { text: String(cells['epochs']) },
      preTime: { text: times(cells) },
      zeroShot: { text: fixed(cells['perplexity'], 2), mark: mark(3, model, 'perplexity') },
      epochs: { text: String(tuned.cells['epochs']) },
      time: { text: times(tuned.cells) },
      after: { text: fixed(tuned.cells['perplexity'], 2) },
    },
  };
}

function ownText(
  group: OwnGroup,
  i: number,
  row: PaperRow,
  tuned: PaperRow,
  { book }: RowsContext,
): SheetRow {
  const { recipe } = group.runs[0]!;
  const stage = preTrainingOf(recipe);
  const share = stage && Number((100 * trainPart(dataOf(recipe, stage)).fraction).toPrecision(2));
  // Letters are given in the order in which the row is read.
  const name = nameCell(group, book);
  const set = setCell(group, book.at(group, 'layers'));
  const fraction = { text: share === undefined ? '–' : String(share), letters: book.at(group, 'preData') };
  const preEpochs = { text: stage ? String(stage.epochs ?? '–') : '–', letters: book.at(group, 'preEpochs') };
  const zeroShot = result(group, (run) => (stage ? run.preTrained : run.zeroShot), 1);
  const epochs = { text: fineTuned(group), letters: book.at(group, 'epochs') };
  const after = result(group, (run) => run.perplexity, 1, book.at(group, 'figure'));
  book.whole(group);
  return ownRow(group, i, row.model, {
    ...{ name, layers: set, fraction, preEpochs, zeroShot, epochs, after },
    zeroApart: apart(group, zeroShot, row.cells['perplexity']),
    time: { text: deviceHours(group) },
    apart: apart(group, after, tuned.cells['perplexity']),
  });
}

/** Table 3, with table 4 to the right of it. */
export function preTrainingRows(context: RowsContext): SheetRow[] {
  const tuned = context.printed(4);
  return context
    .printed(3)
    .flatMap((row, at) => [
      printedText(row, tuned[at]!, context),
      ...groupsAt(context, 3, row.model).map((group, i) => ownText(group, i, row, tuned[at]!, context)),
    ]);
}

function ownTruncated(group: OwnGroup, i: number, row: PaperRow, { book }: RowsContext): SheetRow {
  const name = nameCell(group, book);
  const set = setCell(group, book.at(group, 'layers'));
  const epochs = { text: fineTuned(group), letters: book.at(group, 'epochs') };
  const perplexity = result(group, (run) => run.perplexity, 1, book.at(group, 'figure'));
  const parameters = group.runs.find((run) => run.parameters !== null)?.parameters;
  book.whole(group);
  return ownRow(group, i, row.model, {
    ...{ name, layers: set, epochs, perplexity },
    parameters: { text: parameters ? inMillions(parameters) : '–' },
    apart: apart(group, perplexity, row.cells['perplexity']),
  });
}

const inMillions = (parameters: number) => (parameters / 1e6).toFixed(parameters >= 1e7 ? 0 : 2);

/** Table 7. */
export function truncationRows(context: RowsContext): SheetRow[] {
  return context.printed(7).flatMap((row) => {
    const { cells, model } = row;
    const layers = cells['teacherLayers'] as readonly number[] | undefined;
    const works = worksAt(7, model);
    const set = layers
      ? { text: layers.join(' '), mark: context.mark(7, model, 'teacherLayers') }
      : { text: '–' };
    const printed: SheetRow = {
      id: model,
      kind: 'printed',
      works,
      runIds: [],
      cells: {
        name: { text: model },
        layers: set,
        heads: { text: String(cells['heads']) },
        width: { text: Number(cells['width']).toLocaleString('en-US') },
        parameters: { text: String(cells['parameters']) },
        epochs: { text: String(cells['epochs']) },
        perplexity: { text: fixed(cells['perplexity'], 2) },
      },
    };
    return [printed, ...groupsAt(context, 7, model).map((group, i) => ownTruncated(group, i, row, context))];
  });
}
