import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { balanceOf, majorityOf } from './counts';

/** Classes are shades of ink from light to dark; each has its name beside it. */
const shade = (index: number, count: number) => ({
  background: `color-mix(in srgb, var(--decant-text-2), var(--decant-sunken) ${Math.round(100 - (100 * index) / Math.max(1, count - 1))}%)`,
});

export function ClassMark({ index, count }: { index: number; count: number }) {
  return <span className="class-mark" style={shade(index, count)} aria-hidden="true" />;
}

function Bar({ card, part, thin }: { card: TaskCard; part: 'train' | 'validation'; thin?: boolean }) {
  const shares = balanceOf(card, part);
  const name = part === 'train' ? 'Train' : 'Validation';
  const spoken = shares.map(({ label, share }) => `${(100 * share).toFixed(1)} percent ${label}`).join(', ');
  return (
    <div className={thin ? 'balance thin' : 'balance'} role="img" aria-label={`${name}: ${spoken}`}>
      {shares.map(({ label, share }, i) => (
        <i key={label} style={{ width: `${100 * share}%`, ...shade(i, shares.length) }} />
      ))}
    </div>
  );
}

/** How the labels share the rows, in training and in validation, and what answering always the same would get. */
export function Balance({ card }: { card: TaskCard }) {
  const majority = majorityOf(card);
  return (
    <div>
      <p className="between small">
        <span className="muted">Balance</span>
        <span className="tiny faint">train, validation</span>
      </p>
      <Bar card={card} part="train" />
      <Bar card={card} part="validation" thin />
      <p className="class-key tiny muted">
        {balanceOf(card, 'train').map(({ label, rows }, i) => (
          <span key={label}>
            <ClassMark index={i} count={card.labels.length} />
            {label} {formatCount(rows)}
          </span>
        ))}
      </p>
      <p className="tiny faint">
        Saying “{majority.label}” every time scores {(100 * majority.share).toFixed(1)} % on the validation
        rows.
      </p>
    </div>
  );
}
