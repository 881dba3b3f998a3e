import type { TaskCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { RowsTable } from '../hub/FirstRows';
import { Explain } from '../pieces/Explain';
import { scriptsText } from '../pieces/scripts';

/** What the rows hold beside labels and lengths, and the first of them as they are in the file. */
export function Contents({ card: { contents, firstRows, train, validation } }: { card: TaskCard }) {
  const { duplicates, shared, scripts } = contents;
  return (
    <div className="task-contents">
      <dl className="kv">
        <div>
          <dt>
            <Explain label="Rows there twice">
              Training rows whose texts stand in an earlier one, letter by letter, whatever their label.
            </Explain>
          </dt>
          <dd>
            {formatCount(duplicates)} <span className="faint small">of {formatCount(train.rows)}</span>
          </dd>
        </div>
        <div>
          <dt>
            <Explain label="Validation rows learned from">
              Validation rows whose texts are among the training rows. A figure measured on them says little
              about other texts.
            </Explain>
          </dt>
          <dd>
            {formatCount(shared)} <span className="faint small">of {formatCount(validation.rows)}</span>
          </dd>
        </div>
        <div>
          <dt>Letters</dt>
          <dd>{scriptsText(scripts)}</dd>
        </div>
      </dl>
      <details>
        <summary className="small">First rows as they are in the file</summary>
        <RowsTable rows={firstRows} label="First rows of the file" />
      </details>
    </div>
  );
}
