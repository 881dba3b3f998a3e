import { expect, test } from 'vitest';
import { escapeLatex, toLatex, toMarkdown } from './written';

const table = {
  title: 'A & B',
  columns: [
    { label: 'Run', number: false },
    { label: 'before', number: true, group: 'PPL' },
    { label: 'after', number: true, group: 'PPL' },
  ],
  rows: [
    { cells: ['printed', '9', '8'], own: false },
    { cells: ['a_b|c', '39.8 ± 0.3', '−1'], own: true },
  ],
  notes: [{ mark: 'a', text: '0.1 % of it' }],
};

test('LaTeX’s special characters and the page’s signs are written so that pdfTeX sets them', () => {
  expect(escapeLatex('50 % of a_b & {c} #1 $2 ~ ^ \\x')).toBe(
    '50 \\% of a\\_b \\& \\{c\\} \\#1 \\$2 \\textasciitilde{} \\textasciicircum{} \\textbackslash{}x',
  );
  expect(escapeLatex('8 × 38, 1 ± 2, −3, “x” isn’t')).toBe("8 $\\times$ 38, 1 $\\pm$ 2, $-$3, ``x'' isn't");
});

test('a LaTeX table has heads over its groups, and own rows indented', () => {
  const latex = toLatex(table);
  expect(latex).toContain('\\caption{A \\& B}');
  expect(latex).toContain('\\begin{tabular}{lrr}');
  expect(latex).toContain(' & \\multicolumn{2}{c}{PPL} \\\\\n\\cmidrule(lr){2-3}');
  expect(latex).toContain('\\quad a\\_b|c & 39.8 $\\pm$ 0.3 & $-$1 \\\\');
  expect(latex).toContain('\\item[a] 0.1 \\% of it');
});

test('a Markdown table keeps bars inside cells apart from its own', () => {
  const markdown = toMarkdown(table);
  expect(markdown).toContain('| Run | PPL: before | PPL: after |\n| --- | ---: | ---: |');
  expect(markdown).toContain('| ↳ a\\_b\\|c | 39.8 ± 0.3 | −1 |');
});
