import type { DatasetPart } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';
import { sentence } from '../pieces/ErrorCard';
import type { Question } from '../oneQuestion';

/** `Training: 392,702 rows. Validation: 9,815 rows.` */
function rowsText(name: string, { rows, share }: DatasetPart): string | null {
  if (rows === undefined) return null;
  const taken = share < 1 ? `${formatCount(Math.round(rows * share))} of ` : '';
  return `${name}: ${taken}${formatCount(rows)} rows.`;
}

interface CostProps {
  train: DatasetPart | undefined;
  validation: DatasetPart | null | undefined;
  question: Pick<Question, 'asking' | 'doing'>;
}

/** What the chosen parts take, before anything of them is fetched; until that is known, what is waited for. */
export function Cost({ train, validation, question: { asking, doing } }: CostProps) {
  if (!train)
    return (
      <p className="small muted" role="status">
        {asking &&
          (doing.startsWith('waiting')
            ? `${sentence(doing).slice(0, -1)} …`
            : 'Reading what the files say about themselves …')}
      </p>
    );
  const both = validation ? [train, validation] : [train];
  const sum = (value: (part: DatasetPart) => number) => both.reduce((total, part) => total + value(part), 0);
  const rows = [rowsText('Training', train), validation && rowsText('Validation', validation)];
  return (
    <p className="small" role="status">
      <b>To fetch: {formatBytes(sum((part) => part.fetchBytes))}</b> of{' '}
      {formatBytes(sum((part) => part.bytes))}, less what is kept already. {rows.filter(Boolean).join(' ')}
    </p>
  );
}
