/**
 * What GLUE and SuperGLUE score: accuracy, F1 of class 1, the mean F1 over classes, and Matthews' correlation.
 * Definitions and the cases 0 / 0 are those of `fixtures/classification.json`, which are scikit-learn's.
 */
import type { MetricId } from '../data/tasks';
import { ShapeError } from '../errors';

type Classes = ArrayLike<number>;

interface Counts {
  /** Entries, and how many are right. */
  size: number;
  correct: number;
  /** Of every class: how often it is the label, the prediction, and both. */
  labelled: number[];
  predicted: number[];
  hits: number[];
}

function countsOf(labels: Classes, predictions: Classes): Counts {
  if (labels.length !== predictions.length || labels.length === 0) {
    throw new ShapeError(
      `${predictions.length} predictions cannot be scored against ${labels.length} labels`,
    );
  }
  let classes = 0;
  for (let i = 0; i < labels.length; i++) classes = Math.max(classes, labels[i]! + 1, predictions[i]! + 1);
  const zeros = () => new Array<number>(classes).fill(0);
  const counts = { size: labels.length, correct: 0, labelled: zeros(), predicted: zeros(), hits: zeros() };
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i]!, predictions[i]!];
    counts.labelled[label]!++;
    counts.predicted[prediction]!++;
    if (label !== prediction) continue;
    counts.hits[label]!++;
    counts.correct++;
  }
  return counts;
}

/** 2 TP / (2 TP + FP + FN), as 2 TP / (labelled + predicted); 0 where that is 0 / 0. */
function f1Of({ labelled, predicted, hits }: Counts, k: number): number {
  const all = (labelled[k] ?? 0) + (predicted[k] ?? 0);
  return all === 0 ? 0 : (2 * hits[k]!) / all;
}

const METRICS: Record<MetricId, (counts: Counts) => number> = {
  accuracy: ({ correct, size }) => correct / size,
  f1: (counts) => f1Of(counts, 1),
  /** Over the classes that occur in labels or predictions. */
  macroF1(counts) {
    const seen = [...counts.labelled.keys()].filter((k) => counts.labelled[k]! + counts.predicted[k]! > 0);
    return seen.reduce((sum, k) => sum + f1Of(counts, k), 0) / seen.length;
  },
  /** (c s - sum t_k p_k) / sqrt((s² - sum p_k²) (s² - sum t_k²)); 0 where that is 0 / 0. */
  matthews({ size, correct, labelled, predicted }) {
    const dot = (a: number[], b: number[]) => a.reduce((sum, n, k) => sum + n * b[k]!, 0);
    const spread = (size ** 2 - dot(predicted, predicted)) * (size ** 2 - dot(labelled, labelled));
    return spread === 0 ? 0 : (correct * size - dot(labelled, predicted)) / Math.sqrt(spread);
  },
};

/** The asked metrics by name, each as a share (accuracy 0.5, not 50). Throws ShapeError when there is nothing to score. */
export function score(
  labels: Classes,
  predictions: Classes,
  metrics: readonly MetricId[],
): Record<string, number> {
  const counts = countsOf(labels, predictions);
  return Object.fromEntries(metrics.map((id) => [id, METRICS[id](counts)]));
}
