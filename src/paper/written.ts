/**
 * A table as text for a paper or a report: LaTeX (booktabs) and Markdown. Cells are strings with the page's signs; each
 * format writes them its own way.
 */
export interface WrittenTable {
  title: string;
  columns: readonly { label: string; number: boolean; group?: string }[];
  rows: readonly { cells: readonly string[]; own: boolean }[];
  /** Sentences below the table. */
  notes: readonly { mark: string; text: string }[];
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  '&': '\\&',
  '%': '\\%',
  $: '\\$',
  '#': '\\#',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '$<$',
  '>': '$>$',
  '±': '$\\pm$',
  '×': '$\\times$',
  '−': '$-$',
  '–': '--',
  '’': "'",
  '“': '``',
  '”': "''",
  '…': '\\ldots{}',
  '∞': '$\\infty$',
  α: '$\\alpha$',
  λ: '$\\lambda$',
  '²': '$^2$',
  '\u00a0': '~',
};

/** Text as LaTeX sets it: its special characters, and the page's signs, which pdfTeX's fonts lack. */
export function escapeLatex(text: string): string {
  return text.replaceAll(/[\\{}&%$#_~^<>±×−–’“”…∞αλ²\u00a0]/g, (character) => LATEX[character]!);
}

/** Neighbouring columns of one group, for a head over them. */
function spans(columns: WrittenTable['columns']): { group?: string; from: number; to: number }[] {
  const found: { group?: string; from: number; to: number }[] = [];
  columns.forEach(({ group }, i) => {
    const last = found.at(-1);
    if (last && last.group === group) last.to = i;
    else found.push({ group, from: i, to: i });
  });
  return found;
}

/** A `table` environment; needs `\usepackage{booktabs}`. Rows of the user's are indented below the printed ones. */
export function toLatex({ title, columns, rows, notes }: WrittenTable): string {
  const line = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`;
  const grouped = columns.some(({ group }) => group !== undefined);
  const parts = spans(columns);
  const head = parts.map(({ group, from, to }) =>
    group === undefined && from === to
      ? ''
      : `\\multicolumn{${to - from + 1}}{c}{${escapeLatex(group ?? '')}}`,
  );
  const rules = parts
    .filter(({ group }) => group !== undefined)
    .map(({ from, to }) => `\\cmidrule(lr){${from + 1}-${to + 1}}`);
  const body = rows.map(({ cells, own }) => {
    const [first, ...rest] = cells.map(escapeLatex);
    return line([own ? `\\quad ${first}` : first!, ...rest]);
  });
  const below = notes.map(({ mark, text }) => `\\item[${escapeLatex(mark)}] ${escapeLatex(text)}`);
  return [
    '% needs \\usepackage{booktabs}',
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(title)}}`,
    `\\begin{tabular}{${columns.map(({ number }) => (number ? 'r' : 'l')).join('')}}`,
    '\\toprule',
    ...(grouped ? [line(head), rules.join(' ')] : []),
    line(columns.map(({ label }) => escapeLatex(label))),
    '\\midrule',
    ...body,
    '\\bottomrule',
    '\\end{tabular}',
    ...(below.length > 0 ? ['\\begin{description}', ...below, '\\end{description}'] : []),
    '\\end{table}',
    '',
  ].join('\n');
}

const escapeMarkdown = (text: string) => text.replaceAll(/[\\|*_<>[\]`]/g, (character) => `\\${character}`);

/** A pipe table of GitHub's kind, with the notes as a list. */
export function toMarkdown({ title, columns, rows, notes }: WrittenTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const label = ({ label: own, group }: WrittenTable['columns'][number]) =>
    escapeMarkdown(group === undefined ? own : `${group}: ${own}`);
  const body = rows.map(({ cells, own }) => {
    const [first, ...rest] = cells.map(escapeMarkdown);
    return line([own ? `↳ ${first}` : first!, ...rest]);
  });
  return [
    `**${escapeMarkdown(title)}**`,
    '',
    line(columns.map(label)),
    line(columns.map(({ number }) => (number ? '---:' : '---'))),
    ...body,
    '',
    ...notes.map(({ mark, text }) => `- ${escapeMarkdown(mark)} ${escapeMarkdown(text)}`),
    '',
  ].join('\n');
}
