import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { Balance } from './Balance';
import { Contents } from './Contents';
import { LengthChart } from './LengthChart';

const USES = { text: 'text', label: 'label', other: 'helps to mark the text', unused: 'not used' };

function Columns({ card }: { card: TaskCard }) {
  return (
    <>
      <p className="small muted task-columns-head">Columns</p>
      <p className="small task-columns">
        {card.columns.map(({ name, use }) => (
          <span key={name}>
            <span className={use === 'unused' ? 'mono faint' : 'mono'}>{name}</span>{' '}
            <span className="faint">
              {use === 'label' ? card.labels.map((label, k) => `${k} ${label}`).join(', ') : USES[use]}
            </span>
          </span>
        ))}
      </p>
    </>
  );
}

/** One sentence a part about rows that were left out. Halves of one file have the same. */
export function LeftOut({ card }: { card: TaskCard }) {
  const parts = [card.train, card.validation, card.validationMismatched];
  const sentences = [...new Set(parts.flatMap((part) => part?.warnings ?? []))];
  return sentences.map((warning) => (
    <p key={warning} className="tiny card-warning">
      <Icon name="warn" size={12} /> {warning}
    </p>
  ));
}

export function Counts({ card }: { card: TaskCard }) {
  const { train, validation, validationMismatched: second } = card;
  return (
    <dl className="kv task-counts">
      <div>
        <dt>Train</dt>
        <dd>{formatCount(train.rows)} rows</dd>
      </div>
      <div>
        <dt>{card.split ? 'Held out' : 'Validation'}</dt>
        <dd>{formatCount(validation.rows)}</dd>
      </div>
      {second && (
        <div>
          <dt>Mismatched</dt>
          <dd>{formatCount(second.rows)}</dd>
        </div>
      )}
    </dl>
  );
}

/** Rows, columns, balance and lengths of the recipe's task. */
export function TaskFacts({ card }: { card: TaskCard }) {
  const edit = useStudio((state) => state.edit);
  const longest = useStudio((state) => state.teacher?.config.nPositions ?? 1024);
  return (
    <>
      <div className="task-grid">
        <div>
          <Counts card={card} />
          <Columns card={card} />
        </div>
        <Balance card={card} />
        <LengthChart
          card={card}
          longest={longest}
          onCut={(maxLength) =>
            edit((old) => (old.data.kind === 'task' ? { ...old, data: { ...old.data, maxLength } } : old))
          }
        />
      </div>
      <Contents card={card} />
      <LeftOut card={card} />
    </>
  );
}
