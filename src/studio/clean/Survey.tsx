/** What is in the text before cleaning: documents, lengths, scripts, duplicates. */
import type { TextReport } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';
import { scriptsText } from '../pieces/scripts';
import { useStudio } from '../store';

function Lengths({ survey }: { survey: TextReport['survey'] }) {
  const { edges, counts } = survey.lengths;
  const most = Math.max(1, ...counts);
  const end = edges.at(-1)!;
  const border = edges.at(-2)!;
  // The last bar holds a few that are very much longer than all others.
  const rest = counts.length > 1 && end - border > edges[1]!;
  const summary = `Lengths of documents: half have at most ${formatCount(survey.medianLength)} tokens, the longest has ${formatCount(survey.longestLength)}.`;
  return (
    <figure className="survey-lengths">
      <figcaption className="tiny faint">
        Documents by length, tokens · half have at most {formatCount(survey.medianLength)}
      </figcaption>
      <div className="survey-bars" role="img" aria-label={summary}>
        {counts.map((count, i) => (
          <i
            key={i}
            className={rest && i === counts.length - 1 ? 'rest' : undefined}
            style={{ height: `${(100 * count) / most}%` }}
            title={`${formatCount(edges[i]!)} to ${formatCount(edges[i + 1]! - 1)} tokens: ${formatCount(count)}`}
          />
        ))}
      </div>
      <div className="between tiny faint">
        <span>0</span>
        <span>
          {rest
            ? `${formatCount(border)} and more; the longest ${formatCount(survey.longestLength)}`
            : `${formatCount(end)} tokens`}
        </span>
      </div>
    </figure>
  );
}

/** The columns of the files, where they have some. */
function Columns() {
  const text = useStudio((state) => state.text);
  if (!text?.columns) return null;
  return (
    <p className="small task-columns">
      <span className="muted">Columns</span>
      {text.columns.map(({ name, type }) => (
        <span key={name}>
          <span className={name === text.column ? 'mono' : 'mono faint'}>{name}</span>{' '}
          <span className="faint">
            {type}
            {name === text.column ? ', the text' : ', not used'}
          </span>
        </span>
      ))}
    </p>
  );
}

export function Survey({ report }: { report: TextReport }) {
  const { survey } = report;
  return (
    <section className="card survey" aria-label="What is in the text">
      <h2>What is in the text</h2>
      <div className="survey-facts">
        <dl className="kv">
          <div>
            <dt>Documents</dt>
            <dd>{formatCount(survey.documents)}</dd>
          </div>
          <div>
            <dt>Size</dt>
            <dd>{formatBytes(survey.bytes)}</dd>
          </div>
          <div>
            <dt>Tokens</dt>
            <dd>{formatCount(survey.tokens)}</dd>
          </div>
          <div>
            <dt>Documents there twice</dt>
            <dd>{formatCount(survey.duplicates)}</dd>
          </div>
          <div>
            <dt>Letters</dt>
            <dd>{scriptsText(survey.scripts)}</dd>
          </div>
        </dl>
        <Lengths survey={survey} />
      </div>
      <Columns />
      <h3>First documents</h3>
      <ol className="survey-firsts">
        {survey.firsts.map((text, i) => (
          <li key={i} className="mono">
            {text}
          </li>
        ))}
      </ol>
    </section>
  );
}
