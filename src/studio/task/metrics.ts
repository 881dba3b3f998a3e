/** The metrics of tasks: what they are called, how they are written, and how sure a share is. Pure. */
import { formatFigure } from '../charts/format';

export interface MetricWords {
  label: string;
  formula: string;
  /** Written as per cent; else as a number from −1 to 1. */
  percent: boolean;
  about: string;
}

const ACCURACY: MetricWords = {
  label: 'Accuracy',
  formula: 'accuracy = right / all',
  percent: true,
  about: 'The share of the validation rows whose label is the likeliest class.',
};

const WORDS: Readonly<Record<string, MetricWords>> = {
  accuracy: ACCURACY,
  accuracyMismatched: {
    ...ACCURACY,
    label: 'Accuracy, mismatched',
    about: 'The same on MNLI’s second validation set, whose genres are not those of the training rows.',
  },
  f1: {
    label: 'F1',
    formula: 'F1 = 2 P R / (P + R)',
    percent: true,
    about: 'The harmonic mean of precision P and recall R of the class with number 1.',
  },
  macroF1: {
    label: 'Macro F1',
    formula: 'macro F1 = mean of F1 over the classes',
    percent: true,
    about: 'Every class counts the same, however few rows it has.',
  },
  matthews: {
    label: 'Matthews',
    formula: 'φ = (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))',
    percent: false,
    about: 'Matthews’ correlation of answers and labels: 1 is perfect, 0 is as good as guessing.',
  },
};

/** An unknown metric is shown by its name. */
export const metricWords = (id: string): MetricWords =>
  WORDS[id] ?? { label: id, formula: id, percent: false, about: '' };

/** `88.6` of 0.886 for shares, `0.77` for correlations. */
export function formatMetric(id: string, value: number): string {
  return metricWords(id).percent ? (100 * value).toFixed(1) : formatFigure(value);
}

/** With its unit: `88.6 %`. */
export const metricText = (id: string, value: number): string =>
  `${formatMetric(id, value)}${metricWords(id).percent ? ' %' : ''}`;

/** Whether answering the most frequent label always gets this metric's value. */
export const isAccuracy = (id: string): boolean => id === 'accuracy';

const Z_95 = 1.959964;

/**
 * Wilson's 95 % interval of a share measured on n rows: unlike share ± z √(p(1 − p)/n) it stays between 0 and 1 and holds
 * for few rows and shares near 1. Source: Wilson, JASA 22 (1927), 209–212.
 */
export function wilson(share: number, n: number): { low: number; high: number } {
  if (n <= 0) return { low: 0, high: 1 };
  const z2 = Z_95 ** 2;
  const middle = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** `86.3 to 90.6`; empty for metrics that are no share of rows. */
export function intervalText(id: string, value: number, rows: number): string {
  if (!id.startsWith('accuracy')) return '';
  const { low, high } = wilson(value, rows);
  return `${formatMetric(id, low)} to ${formatMetric(id, high)}`;
}
