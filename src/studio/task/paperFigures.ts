/** The paper's figures for a task, to stand in grey beside one's own. Pure. */
import { PAPER_TABLES } from '../../paper/tables';

export interface PaperFigure {
  /** `Paper, table 2: MateKD` */
  label: string;
  /** As printed: per cent, of CoLA Matthews times 100. */
  value: number;
}

/** The column of a task's own metric; none for what the paper does not have. */
function columnOf(task: string, metric: string): string | null {
  const [benchmark, name = ''] = task.split('/');
  if (benchmark === 'glue') return name;
  if (benchmark !== 'superglue') return null;
  return metric === 'f1' || metric === 'macroF1' ? `${name}F1` : name;
}

/** Which tables print figures of tasks. */
const GLUE_TABLES = [1, 2];
const SUPERGLUE_TABLE = 5;

/** All printed figures of this task and metric, in print order; GLUE's columns have the task's first metric alone. */
export function paperFigures(task: string, metric: string, first: string): PaperFigure[] {
  const column = columnOf(task, metric);
  const glue = task.startsWith('glue/');
  if (column === null || (glue && metric !== first)) return [];
  return PAPER_TABLES.filter(({ number }) =>
    glue ? GLUE_TABLES.includes(number) : number === SUPERGLUE_TABLE,
  )
    .flatMap(({ number, rows }) => rows.map(({ model, cells }) => ({ number, model, value: cells[column] })))
    .flatMap(({ number, model, value }) =>
      typeof value === 'number' ? [{ label: `Paper, table ${number}: ${model}`, value }] : [],
    );
}

/** What sets the paper's figures of a task apart from a run here. */
export function paperDiffers(task: string): string {
  const swapped = ['glue/mnli', 'glue/qnli'].includes(task)
    ? ' Table 1 prints MNLI and QNLI swapped in all rows but GPT-2’s.'
    : '';
  const start = task.startsWith('glue/')
    ? 'The paper’s students start from DistilGPT2, pre-trained for 768 hours'
    : 'The paper’s students are pre-trained on OpenWebText first';
  return `${start}, and learn from all training rows; this run starts from layers of the teacher.${swapped}`;
}
