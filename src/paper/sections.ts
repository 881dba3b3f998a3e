/** How the sheets of the paper's tables are laid out. */
import type { RowsContext } from './rowCells';
import type { SheetColumn, SheetRow } from './sheet';
import { cleaningRows, glueRows } from './taskRows';
import { preTrainingRows, truncationRows } from './textRows';

export type SectionId = 'pre-training' | 'glue' | 'cleaning' | 'truncation';

interface Section {
  id: SectionId;
  title: string;
  subtitle: string;
  tables: readonly number[];
  columns: readonly SheetColumn[];
  rows: (context: RowsContext) => SheetRow[];
}

const text = (id: string, label: string, group?: string): SheetColumn => ({ id, label, group, kind: 'text' });
const number = (id: string, label: string, group?: string): SheetColumn => ({
  id,
  label,
  group,
  kind: 'number',
});
const layers = (id: string, label: string): SheetColumn => ({ id, label, kind: 'layers' });

const TABLE_3 = 'Table 3, pre-training on OpenWebText';
const TABLE_4 = 'Table 4, fine-tuning on WikiText-103';
const SCORES = 'After fine-tuning';

export const SECTIONS: readonly Section[] = [
  {
    id: 'pre-training',
    title: 'Tables 3 and 4',
    subtitle: 'truncate, pre-train, fine-tune: 6 layers, perplexity on WikiText-103 test',
    tables: [3, 4],
    columns: [
      text('row', 'Row'),
      text('name', 'Teacher or run'),
      layers('layers', 'Layers'),
      number('fraction', 'Data, %', TABLE_3),
      number('preEpochs', 'Epochs', TABLE_3),
      number('preTime', 'GPUs × h', TABLE_3),
      number('zeroShot', 'Zero-shot', TABLE_3),
      number('zeroApart', 'apart', TABLE_3),
      number('epochs', 'Epochs', TABLE_4),
      number('time', 'GPUs × h', TABLE_4),
      number('after', 'After', TABLE_4),
      number('apart', 'apart', TABLE_4),
    ],
    rows: preTrainingRows,
  },
  {
    id: 'glue',
    title: 'Tables 1 and 2',
    subtitle: 'GLUE dev sets, %; CoLA Matthews × 100, MRPC F1, others accuracy',
    tables: [1, 2],
    columns: [
      text('table', 'Table'),
      text('name', 'Method or run'),
      ...['CoLA', 'RTE', 'MRPC', 'SST-2', 'MNLI', 'QNLI', 'QQP', 'Average'].map((label) =>
        number(label.toLowerCase().replace('-', ''), label),
      ),
      number('apart', 'apart'),
    ],
    rows: glueRows,
  },
  {
    id: 'cleaning',
    title: 'Table 5',
    subtitle: 'pre-training on regular and on cleaned OpenWebText',
    tables: [5],
    columns: [
      text('name', 'Model or run'),
      text('dataset', 'Data set'),
      number('hours', 'Time, h'),
      number('zeroShot', 'ZS', 'WikiText-103, perplexity'),
      number('fineTuned', 'FT', 'WikiText-103, perplexity'),
      number('apart', 'apart', 'WikiText-103, perplexity'),
      number('boolq', 'BoolQ', SCORES),
      number('copa', 'COPA', SCORES),
      number('cb', 'CB', SCORES),
      number('cbF1', 'CB F1', SCORES),
      number('rte', 'RTE', SCORES),
      number('wic', 'WiC', SCORES),
      number('wscF1', 'WSC F1', SCORES),
      number('wsc', 'WSC', SCORES),
    ],
    rows: cleaningRows,
  },
  {
    id: 'truncation',
    title: 'Table 7',
    subtitle: 'truncated models after fine-tuning, perplexity on WikiText-103 test',
    tables: [7],
    columns: [
      text('name', 'Model or run'),
      layers('layers', 'Teacher’s layers'),
      number('heads', 'Heads'),
      number('width', 'Hidden size'),
      number('parameters', 'Parameters, M'),
      number('epochs', 'Epochs'),
      number('perplexity', 'PPL'),
      number('apart', 'apart'),
    ],
    rows: truncationRows,
  },
];
