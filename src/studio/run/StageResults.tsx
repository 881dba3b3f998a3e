import type { PerplexityReport, TaskReport } from '../../worker/protocol';
import { formatCount, formatFigure } from '../charts/format';
import { Explain } from '../pieces/Explain';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import { formatMetric, metricWords } from '../task/metrics';
import { ExplainPerplexity } from './ExplainPerplexity';
import { isPipeline, stageResults, type ResultCell, type ResultSet } from './pipeline';

/** Perplexity, or the task's own metric. */
function figure(report: PerplexityReport | TaskReport): string {
  if ('perplexity' in report) return formatFigure(report.perplexity);
  const [metric, value] = Object.entries(report.metrics)[0]!;
  return formatMetric(metric, value);
}

function Head({ set: { name, report } }: { set: ResultSet }) {
  if (report && 'perplexity' in report)
    return <ExplainPerplexity label={name} report={report} on={name} value={false} />;
  const metric = metricWords(Object.keys(report?.metrics ?? {})[0] ?? 'accuracy');
  return (
    <Explain
      label={name}
      formula={metric.formula}
      facts={report ? [['Scored', `${formatCount(report.rows)} validation rows`]] : []}
    >
      {metric.about}
    </Explain>
  );
}

/** `Perplexity`, `Accuracy, %` */
function unitOf({ kind, report }: ResultSet): string {
  if (kind === 'lm') return 'perplexity';
  const words = metricWords(Object.keys((report as TaskReport | null)?.metrics ?? {})[0] ?? 'accuracy');
  return `${words.label.toLowerCase()}${words.percent ? ', %' : ''}`;
}

function Cell({ cell }: { cell: ResultCell | null }) {
  if (!cell) return <td className="num faint">–</td>;
  const text = figure(cell.report);
  return (
    <td className="num">
      {cell.own ? <b>{text}</b> : <span>{text}</span>}
      {cell.zeroShot && <span className="stage-zero tiny faint">zero-shot</span>}
    </td>
  );
}

/** What came out behind every stage of a run, on every validation set; nothing for a run of one stage. */
export function StageResults({ run }: { run: RunRecord }) {
  const methods = useStudio((state) => state.methods);
  if (!isPipeline(run)) return null;
  const { sets, rows } = stageResults(run, methods);
  return (
    <section className="card stage-results" aria-label="Results by stage">
      <h2>Results by stage</h2>
      <div className="stage-results-scroll" tabIndex={0} role="group" aria-label="Table of results by stage">
        <table className="metric-table">
          <thead>
            <tr>
              <th scope="col">behind</th>
              {sets.map((set) => (
                <th key={set.label} scope="col" className="num">
                  <Head set={set} />
                  <span className="stage-unit">{unitOf(set)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ title, data, cells }, i) => (
              <tr key={i}>
                <td>
                  {title}
                  {data && <span className="stage-of tiny faint">{data}</span>}
                </td>
                {cells.map((cell, k) => (
                  <Cell key={sets[k]!.label} cell={cell} />
                ))}
              </tr>
            ))}
            {sets.some(({ teacher }) => teacher) && (
              <tr className="teacher-ink">
                <td>teacher</td>
                {sets.map(({ label, teacher }) => (
                  <td key={label} className="num">
                    {teacher ? figure(teacher) : '–'}
                  </td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <p className="tiny faint">
        Bold: the validation set of what the stage learned from. Columns are different sets and do not share a
        scale. A task is first measured with its new, untrained head.
      </p>
    </section>
  );
}
