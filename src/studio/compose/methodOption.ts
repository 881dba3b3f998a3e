/** What the list of methods says of each before it is chosen: work, memory, and the paper's result. Pure. */
import { PAPER_TABLES } from '../../paper/tables';
import { formatBytes } from '../charts/format';
import type { MethodCost } from '../storeMethodCosts';

/** Rows of the paper's tables 1 and 2, by method. Fine-tuning is the row of the student itself. */
const ROWS: Readonly<Record<string, readonly [table: number, model: string]>> = {
  'fine-tune': [1, 'DistilGPT2'],
  'label-smoothing': [1, 'LS'],
  'tf-reg': [1, 'TF-reg'],
  'self-kd': [1, 'Self-KD'],
  'vanilla-kd': [2, 'VanillaKD'],
  'rail-kd': [2, 'RailKD'],
  'annealing-kd': [2, 'AnnealingKD'],
  'mate-kd': [2, 'MateKD'],
};

/** The paper's GLUE average for a method; null for methods that it does not have. */
export function paperAverage(method: string): number | null {
  const place = ROWS[method];
  if (!place) return null;
  const [number, model] = place;
  const row = PAPER_TABLES.find((table) => table.number === number)?.rows.find((one) => one.model === model);
  const average = row?.cells.average;
  return typeof average === 'number' ? average : null;
}

/** `× 1.4`, of plain fine-tuning's work a step. */
export function workText({ work }: MethodCost): string {
  return `× ${work.toFixed(1)}`;
}

/** Less than this is the scatter of buffers. */
const NOTHING = 0.005;

/** `12 MB more`; empty where it is next to nothing beside `whole` bytes. */
export function memoryText({ bytes }: MethodCost, whole: number): string {
  return bytes > NOTHING * whole ? `${formatBytes(bytes)} more` : '';
}
