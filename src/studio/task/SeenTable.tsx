import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { ClassMark } from './Balance';
import { SeenTokens } from './SeenTokens';

/** The first training inputs: their tokens, how many they are, and their label. */
export function SeenTable({ card, most }: { card: TaskCard; most: number }) {
  const names = card.labels.some((label) => card.preview.some((row) => row.label === label))
    ? card.labels
    : card.classes;
  return (
    <table className="seen-table">
      <thead>
        <tr>
          <th scope="col">
            What the model sees{' '}
            <span className="faint">
              the classifier reads the token with the mark; hatched tokens are cut off; as one batch, padded
              to {formatCount(card.padTo)}
            </span>
          </th>
          <th scope="col" className="num">
            Tokens
          </th>
          <th scope="col">Label</th>
        </tr>
      </thead>
      <tbody>
        {card.preview.slice(0, most).map((row, i) => (
          <tr key={i}>
            <td className="seen-cell">
              <SeenTokens row={row} name={`Row ${i + 1}`} padTo={card.padTo} />
            </td>
            <td className="num">
              {formatCount(row.whole)}
              {row.whole > row.kept && <span className="faint"> → {formatCount(row.kept)}</span>}
            </td>
            <td>
              <ClassMark index={names.indexOf(row.label)} count={names.length} />
              {row.label}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
