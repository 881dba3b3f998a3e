/**
 * Terms of a loss over rows of logits: what one row adds to the loss, and its gradient over the classes. A term
 * is a value: WGSL text that the row kernel of `tokenLoss` splices in, and the same in plain tfjs ops. A new
 * objective (label smoothing, reverse KL) is a new value of this type and touches nothing else.
 *
 * A row's kernel makes several passes over its classes; in the text of every pass
 *   z, t                 logits of student and teacher (four classes at a time, vec4f)
 *   hit                  1 at the label, else 0 (vec4f)
 *   zMax, tMax, classes  the row's largest logits, the number of classes (f32)
 * and the term's own scalars, sums and constants stand by their names. Rows whose label is negative are skipped.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { valueOf, type LiveNumber } from '../host';
import type { Logits } from './tokenLoss.logits';

/** One pass that sums expressions over the classes, then constants of the row that follow from the sums. */
export interface TermStage {
  sums: Readonly<Record<string, string>>;
  constants?: Readonly<Record<string, string>>;
}

export interface TermCode {
  /** In order; a later stage may use what an earlier one found. */
  stages: readonly TermStage[];
  /** Expressions in z, t, hit that `value` and `gradient` share, computed once a class. */
  locals?: Readonly<Record<string, string>>;
  /** Summed over the classes it is the row's value. */
  value: string;
  /** d (row's value) / dz. */
  gradient: string;
}

/** A chunk of rows for the plain tfjs form. */
export interface ReferenceRows {
  /** [n, K], differentiable. */
  z: Tensor2D;
  /** [n, K] of the term's teacher; constant. Absent without one. */
  t?: Tensor2D;
  /** [n, K]: 1 at the label, else 0; a row of zeros where it is not scored. */
  hit: Tensor2D;
}

export interface RowTerm {
  /** Multiplies value and gradient; may change from step to step. */
  readonly weight: LiveNumber;
  /** Logits of the same rows and classes to compare with; gets no gradient. */
  readonly teacher?: Logits;
  /** Numbers that the text names; may change from step to step. */
  readonly scalars: Readonly<Record<string, LiveNumber>>;
  readonly code: TermCode;
  /** The unweighted value of every row [n], in ops that the tape can differentiate by z. */
  reference(rows: ReferenceRows): Tensor1D;
}

export const CROSS_ENTROPY: TermCode = {
  stages: [{ sums: { total: 'exp(z - zMax)' }, constants: { logSum: 'zMax + log(total)' } }],
  value: 'hit * (logSum - z)',
  // Divided by the sum rather than exp(z - logSum): the difference would lose the digits of a large logSum.
  gradient: 'exp(z - zMax) / total - hit',
};

/** -log softmax(z)[y]: what the row's label costs, in nats. */
export function crossEntropy({ weight }: { weight: LiveNumber }): RowTerm {
  return {
    weight,
    scalars: {},
    code: CROSS_ENTROPY,
    reference: ({ z, hit }) => tf.neg(tf.sum(tf.mul(hit, tf.logSoftmax(z)), 1)),
  };
}

export const KL_DIVERGENCE: TermCode = {
  stages: [
    {
      sums: { student: 'exp((z - zMax) / temperature)', teacher: 'exp((t - tMax) / temperature)' },
      // log p - log q = (t - z) / T + shift
      constants: { shift: '(zMax - tMax) / temperature + log(student) - log(teacher)' },
    },
  ],
  locals: { p: 'exp((t - tMax) / temperature) / teacher' },
  value: 'p * ((t - z) / temperature + shift)',
  gradient: '(exp((z - zMax) / temperature) / student - p) / temperature',
};

/**
 * KL(p || q) = sum_k p_k (log p_k - log q_k), p = softmax(t / T) of the teacher, q = softmax(z / T), in nats.
 * Its gradient shrinks as 1/T^2: a method that wants "T^2 KL" (arXiv:1503.02531, section 2) puts T^2 into weight.
 */
export function klDivergence(options: {
  teacher: Logits;
  temperature: LiveNumber;
  weight: LiveNumber;
}): RowTerm {
  const { teacher, temperature, weight } = options;
  return {
    weight,
    teacher,
    scalars: { temperature },
    code: KL_DIVERGENCE,
    reference: ({ z, t }) => {
      const logP = tf.logSoftmax(tf.div(t!, valueOf(temperature)));
      const logQ = tf.logSoftmax(tf.div(z, valueOf(temperature)));
      return tf.sum(tf.mul(tf.exp(logP), tf.sub(logP, logQ)), 1);
    },
  };
}

const SOFTENED: TermCode = {
  stages: CROSS_ENTROPY.stages,
  locals: { wanted: 'others + hit * (label - others)' },
  value: 'wanted * (logSum - z)',
  gradient: 'exp(z - zMax) / total - wanted',
};

/**
 * -sum_k y'_k log softmax(z)_k for a target y' that is `label` at the row's label and `others` everywhere else;
 * the caller sees to it that y' adds up to 1. Label smoothing and TF-reg are such targets.
 */
export function softenedCrossEntropy(options: {
  label: LiveNumber;
  others: LiveNumber;
  weight: LiveNumber;
}): RowTerm {
  const { label, others, weight } = options;
  return {
    weight,
    scalars: { label, others },
    code: SOFTENED,
    reference: ({ z, hit }) => {
      const wanted = tf.add(tf.mul(hit, valueOf(label) - valueOf(others)), valueOf(others));
      return tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(z)), 1));
    },
  };
}

const LOGITS_DISTANCE: TermCode = {
  stages: [],
  locals: { gap: 'z - factor * t' },
  value: 'gap * gap / classes',
  gradient: '2.0 * gap / classes',
};

/** Mean over the classes of (z - factor t)², the squared distance to the teacher's scaled logits. */
export function logitsDistance(options: {
  teacher: Logits;
  factor: LiveNumber;
  weight: LiveNumber;
}): RowTerm {
  const { teacher, factor, weight } = options;
  return {
    weight,
    teacher,
    scalars: { factor },
    code: LOGITS_DISTANCE,
    reference: ({ z, t }) => tf.mean(tf.square(tf.sub(z, tf.mul(t!, valueOf(factor)))), 1),
  };
}

const REVERSE_KL: TermCode = {
  stages: [
    {
      sums: { student: 'exp((z - zMax) / temperature)', teacher: 'exp((t - tMax) / temperature)' },
      constants: { shift: '(tMax - zMax) / temperature + log(teacher) - log(student)' },
    },
    // The gradient needs the row's value first.
    { sums: { divergence: 'exp((z - zMax) / temperature) / student * ((z - t) / temperature + shift)' } },
  ],
  locals: { q: 'exp((z - zMax) / temperature) / student', ratio: '(z - t) / temperature + shift' },
  value: 'q * ratio',
  gradient: 'q * (ratio - divergence) / temperature',
};

/** KL(q || p), the student's distribution first; otherwise as `klDivergence`. */
export function reverseKlDivergence(options: {
  teacher: Logits;
  temperature: LiveNumber;
  weight: LiveNumber;
}): RowTerm {
  const { teacher, temperature, weight } = options;
  return {
    weight,
    teacher,
    scalars: { temperature },
    code: REVERSE_KL,
    reference: ({ z, t }) => {
      const logP = tf.logSoftmax(tf.div(t!, valueOf(temperature)));
      const logQ = tf.logSoftmax(tf.div(z, valueOf(temperature)));
      return tf.sum(tf.mul(tf.exp(logQ), tf.sub(logQ, logP)), 1);
    },
  };
}
