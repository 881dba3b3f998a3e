import { Button } from '@mantine/core';
import { formatCount } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { ownTask, type OwnRows } from '../storeTask';
import { RowPicker } from './BringFiles';
import { cutText } from './counts';
import { LabelValues } from './LabelValues';
import { mappingProblem } from './mapping';
import { MapColumns } from './MapColumns';
import { SeenTokens } from './SeenTokens';
import { LeftOut } from './TaskFacts';
import { useTaskCard } from './useTask';

/** What row 1 looks like to the model as the columns are mapped now, and how the rows are parted. */
function Preview() {
  const state = useStudio((all) => all);
  const data = ownTask(state);
  const { card, stale } = useTaskCard(data);
  const first = card?.preview[0];
  if (!data || !card || !first) return null;
  const parted = card.split
    ? `${formatCount(card.train.rows)} to train on, ${formatCount(card.validation.rows)} held out by a hash of their text: the same ones every time`
    : `${formatCount(card.train.rows)} to train on, ${formatCount(card.validation.rows)} for validation`;
  return (
    <div className={stale ? 'own-preview task-stale' : 'own-preview'} aria-busy={stale}>
      <p className="small muted">
        What the model sees, row 1{' '}
        <span className="tiny faint">
          {data.columns!.text.join(', separator, ')}; cut at {card.maxLength} tokens, from the end of the
          longest
        </span>
      </p>
      <div className="sees">
        <SeenTokens row={first} name="Row 1" />
      </div>
      <p className="tiny faint">
        {first.kept} of {card.maxLength} tokens, label {first.label} · {cutText(card)} · {parted}
      </p>
      <LeftOut card={card} />
    </div>
  );
}

function Actions({ own }: { own: OwnRows }) {
  const takeOwnRows = useStudio((state) => state.takeOwnRows);
  const used = useStudio((state) => {
    const data = ownTask(state);
    return data !== null && JSON.stringify(data) === JSON.stringify(state.recipe.data);
  });
  const problem = mappingProblem(own.mapping);
  return (
    <span className="row">
      <RowPicker label="Another file …" part="train" />
      <RowPicker label="File for validation …" part="validation" />
      <Button
        size="xs"
        disabled={problem !== null || used}
        title={problem ?? undefined}
        onClick={takeOwnRows}
      >
        {used ? 'In use' : 'Use this file'}
      </Button>
    </span>
  );
}

/** A table of the user's own: which column is the text, which the label, and what its values are called. */
export function OwnFile() {
  const own = useStudio((state) => state.ownRows);
  if (!own) {
    return (
      <section className="bring" aria-label="Own file">
        <p className="small muted">
          Any table will do: .csv, .tsv, .jsonl or .parquet with one row an example, a column of text and a
          column of labels. Drop it here, or choose it. It stays on this device.
        </p>
        <div className="row bring-buttons">
          <RowPicker label="Choose a file …" part="train" />
        </div>
      </section>
    );
  }
  const { train, validation, mapping } = own;
  const problem = mappingProblem(mapping);
  return (
    <section className="own-file" aria-label="Own file">
      <div className="between">
        <span className="chip small">
          <Icon name="note" size={14} />
          {train.name} · {formatCount(train.rows)} rows
          {validation && ` · validation ${formatCount(validation.rows)} rows`}
        </span>
        <Actions own={own} />
      </div>
      <div className="own-maps">
        <MapColumns own={own} />
        <LabelValues own={own} />
      </div>
      {problem && (
        <p className="small card-warning" role="status">
          <Icon name="warn" size={14} /> {problem}
        </p>
      )}
      <Preview />
    </section>
  );
}
