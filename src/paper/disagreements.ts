/**
 * Where the paper disagrees with itself: which cells, what stands where, and both places. The printed figures stay as
 * they are; only the two columns of table 1 can be read the other way round on request.
 */
export interface Disagreement {
  id: 'row-2' | 'swapped' | 'self-kd' | 'downstream' | 'wsc' | 'sets';
  /** Cells that get the mark. */
  cells: readonly { table: number; row: string; column: string }[];
  text: string;
  /** Both places. */
  cite: string;
}

const cellsOf = (table: number, rows: readonly string[], columns: readonly string[]) =>
  rows.flatMap((row) => columns.map((column) => ({ table, row, column })));

/** The rows of table 1 whose MNLI and QNLI are printed in each other's place. */
export const SWAPPED_ROWS = ['DistilGPT2', 'LS', 'TF-reg', 'Self-KD'] as const;

/** In the order of the tables on the page. */
export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    id: 'row-2',
    cells: cellsOf(3, ['GPT2-pseudo 50 %'], ['perplexity']),
    text: 'Row 2. The text: “Our compressed model outperforms DistilGPT-2 even when it’s trained on 50% of the dataset”. The table: 46.91 for pseudo-uniform is worse than DistilGPT2’s 45.26; only uniform, 45.19, is better.',
    cite: 'Section 3.3 and table 3.',
  },
  {
    id: 'swapped',
    cells: cellsOf(1, SWAPPED_ROWS, ['mnli', 'qnli']),
    text: 'MNLI and QNLI. Printed 86.5 and 79.9. GPT-2 and all students of table 2 have MNLI near 81 and QNLI near 87: the two columns look swapped. The averages do not change.',
    cite: 'Table 1, all rows but GPT-2’s, and table 2.',
  },
  {
    id: 'self-kd',
    cells: cellsOf(1, ['Self-KD'], ['average']),
    text: 'The average of Self-KD is printed as 77.2. The seven scores beside it give 77.1.',
    cite: 'Table 1.',
  },
  {
    id: 'downstream',
    cells: cellsOf(5, ['GPT2-Pseudo, cleaned'], ['model']),
    text: 'The text: the pre-trained model “outperforms DistilGPT-2 on 5 out of 7 downstream tasks”. The table: higher in COPA, CB and RTE, the same in WSC, lower in BoolQ and WiC, and worse in perplexity after fine-tuning.',
    cite: 'Section 4 and table 5.',
  },
  {
    id: 'wsc',
    cells: cellsOf(5, ['DistilGPT2', 'GPT2-Pseudo, cleaned', 'GPT2-Pseudo, regular'], ['wscF1', 'wsc']),
    text: 'WSC’s two heads look swapped: 63.46 and 59.61 are 66 and 62 of the 104 rows of its dev set, so they are accuracies. With 66 of 104, the F1 of always answering “no” is 77.6: the figures of the first two rows are those of the majority.',
    cite: 'Table 5, heads and figures.',
  },
  {
    id: 'sets',
    cells: [
      ...cellsOf(
        7,
        ['GPT2-large-6bh', 'GPT2-large-6th', 'GPT2-medium-uniform-2', 'GPT2-medium-6bh'],
        ['teacherLayers'],
      ),
    ],
    text: 'Four sets are not what the rules give: large-6bh is spread over the first 13 layers and large-6th over the other 23, not over halves; medium-uniform-2 ends at 23, although the rule ends before the last layer; medium-6bh ends at 10 and not at 11. Decant keeps the printed sets.',
    cite: 'Appendix A.1 and table 7.',
  },
];
