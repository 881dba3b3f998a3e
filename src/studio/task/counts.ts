/** Figures of a task's rows. Pure. */
import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';

export interface LabelShare {
  label: string;
  rows: number;
  share: number;
}

/** Rows and share of each label, in the task's order. */
export function balanceOf(card: TaskCard, part: 'train' | 'validation'): LabelShare[] {
  const { perLabel, rows } = card[part];
  return card.labels.map((label, k) => ({ label, rows: perLabel[k]!, share: perLabel[k]! / rows }));
}

/** The most frequent label of the validation rows: what answering it always would get. */
export function majorityOf(card: TaskCard): LabelShare {
  return balanceOf(card, 'validation').reduce((best, one) => (one.rows > best.rows ? one : best));
}

/** Share of the training inputs that are cut. */
export const cutShare = ({ train }: TaskCard): number => train.truncated / train.inputs;

/** `13.5 % are cut at 16 tokens`, `none is cut at 64 tokens` */
export function cutText(card: TaskCard): string {
  const { truncated } = card.train;
  if (truncated === 0) return `none is cut at ${formatCount(card.maxLength)} tokens`;
  const percent = 100 * cutShare(card);
  const share = percent < 0.1 ? 'less than 0.1' : percent.toFixed(1);
  return `${share} % are cut at ${formatCount(card.maxLength)} tokens`;
}

/** `one sentence, 2 labels`; `3 texts, 2 labels` */
export function shapeText(card: TaskCard): string {
  const texts = card.columns.filter(({ use }) => use === 'text').length;
  const words = ['no text', 'one text', 'two texts'][texts] ?? `${texts} texts`;
  return `${words}, ${card.labels.length} labels`;
}
