/** What is in the text before cleaning: documents, lengths, scripts, duplicates. */
import type { TextReport } from '../../worker/protocol';
import { formatBytes, formatCount } from '../charts/format';

const SCRIPT_PERCENT = (share: number) => `${share < 0.01 ? 'under 1' : Math.round(100 * share)} %`;

function Lengths({ survey }: { survey: TextReport['survey'] }) {
  const { edges, counts } = survey.lengths;
  const most = Math.max(1, ...counts);
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
            style={{ height: `${(100 * count) / most}%` }}
            title={`${formatCount(edges[i]!)} to ${formatCount(edges[i + 1]! - 1)} tokens: ${formatCount(count)}`}
          />
        ))}
      </div>
      <div className="between tiny faint">
        <span>0</span>
        <span>{formatCount(edges.at(-1)!)} tokens</span>
      </div>
    </figure>
  );
}

export function Survey({ report }: { report: TextReport }) {
  const { survey } = report;
  const scripts = survey.scripts.map(({ script, share }) => `${script} ${SCRIPT_PERCENT(share)}`).join(', ');
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
            <dd>{scripts || 'none'}</dd>
          </div>
        </dl>
        <Lengths survey={survey} />
      </div>
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
