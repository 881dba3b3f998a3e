/** The paper's tables with the user's rows as files: CSV in long form, LaTeX and Markdown as they stand on the page. */
import type { Sheet, SheetCell, SheetRow, SheetSection } from './sheet';
import { toLatex, toMarkdown, type WrittenTable } from './written';

/** `39.8 ± 0.3 (b)`, `46.91 [1]` */
export function cellText({ text, layers, figure, digits = 1, letters, mark }: SheetCell): string {
  const spread = figure?.sd == null ? '' : ` ± ${figure.sd.toFixed(digits)}`;
  const value = figure ? `${figure.mean.toFixed(digits)}${spread}` : (layers?.join(' ') ?? text ?? '');
  return `${value}${letters ? ` (${letters})` : ''}${mark ? ` [${mark}]` : ''}`;
}

/** Letters and numbers that stand in these sections, with their sentences. */
function notesOf(sheet: Sheet): WrittenTable['notes'] {
  return [
    ...sheet.differences,
    ...sheet.disagreements.map(({ number, text, cite }) => ({
      mark: `[${number}]`,
      text: `${text} ${cite}`,
    })),
  ];
}

const written = ({ title, subtitle, columns, rows }: SheetSection, notes: WrittenTable['notes']) => ({
  title: `${title}: ${subtitle}`,
  columns: columns.map(({ label, group, kind }) => ({ label, group, number: kind === 'number' })),
  rows: rows.map(({ kind, cells }) => ({
    own: kind === 'own',
    cells: columns.map(({ id }) => cellText(cells[id] ?? {})),
  })),
  notes,
});

/** All sections; the notes stand below the last one. */
function tablesOf(sheet: Sheet): WrittenTable[] {
  const notes = notesOf(sheet);
  return sheet.sections.map((section, i) => written(section, i === sheet.sections.length - 1 ? notes : []));
}

export const sheetLatex = (sheet: Sheet): string => tablesOf(sheet).map(toLatex).join('\n');
export const sheetMarkdown = (sheet: Sheet): string => tablesOf(sheet).map(toMarkdown).join('\n');

const nameOf = ({ cells, kind, id }: SheetRow) => (kind === 'own' ? (cells['name']?.text ?? id) : id);

/**
 * One line a cell, since the tables have different columns: value, and of the user's rows standard deviation and count
 * of seeds; letters and numbers of notes; then the notes themselves.
 */
export function sheetTable(sheet: Sheet) {
  const cells = sheet.sections.flatMap(({ title, columns, rows }) =>
    rows.flatMap((row) =>
      columns.flatMap(({ id, label, group }) => {
        const { text, layers, figure, letters, mark } = row.cells[id] ?? {};
        const value = figure?.mean ?? layers?.join(' ') ?? text;
        if (value === undefined || value === '') return [];
        const column = group ? `${group}: ${label}` : label;
        return [
          [
            ...[title, row.kind, nameOf(row), column, value],
            ...[figure?.sd ?? null, figure?.n ?? null, letters ?? null, mark ?? null],
          ],
        ];
      }),
    ),
  );
  const notes = notesOf(sheet).map(({ mark, text }) => ['', 'note', '', mark, text, null, null, null, null]);
  return {
    head: ['table', 'kind', 'row', 'column', 'value', 'sd', 'seeds', 'differs', 'disagrees'],
    rows: [...cells, ...notes] as (string | number | null)[][],
  };
}
