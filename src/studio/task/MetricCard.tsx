import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import type { TaskReport } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { Formula } from '../pieces/Formula';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { bestScore, latestScores } from '../run/scores';
import type { RunRecord } from '../storeRuns';
import { majorityOf } from './counts';
import { formatMetric, intervalText, isAccuracy, metricWords } from './metrics';
import { paperDiffers, paperFigures } from './paperFigures';
import { shortLabel } from './taskWords';
import { useTaskCard, useTaskData } from './useTask';

interface Measured {
  label: string;
  report: TaskReport;
  teacher?: boolean;
}

/** One figure with how sure it is. */
function Line({ label, report, teacher, metric }: Measured & { metric: string }) {
  const value = report.metrics[metric];
  if (value === undefined) return null;
  const interval = intervalText(metric, value, report.rows);
  return (
    <tr className={teacher ? 'teacher-ink' : undefined}>
      <td>{label}</td>
      <td className="num">
        <b>{formatMetric(metric, value)}</b>
        {interval && <span className="muted"> {interval}</span>}
      </td>
    </tr>
  );
}

function measuredOf(run: RunRecord, metric: string): Measured[] {
  const best = bestScore(run.scores, metric);
  const teacher = run.result?.teacherScores;
  const start = run.scores.find(({ step }) => step === 0);
  return [
    ...(best ? [{ label: `${run.name}, best so far`, report: best }] : []),
    ...(start && start !== best ? [{ label: 'before training', report: start }] : []),
    ...(teacher ? [{ label: 'teacher', report: teacher, teacher: true }] : []),
  ];
}

interface FiguresProps {
  task: string;
  metrics: readonly string[];
  /** Of the validation rows: what answering the most frequent label gets. */
  majority: { share: number; rows: number } | null;
  run: RunRecord | undefined;
}

function Figures({ task, metrics, majority, run }: FiguresProps) {
  const [chosen, setChosen] = useState(metrics[0]!);
  const metric = metrics.includes(chosen) ? chosen : metrics[0]!;
  const { label, formula, about, percent } = metricWords(metric);
  const papers = paperFigures(task, metric, metrics[0]!);
  const measured = run ? measuredOf(run, metric) : [];
  const rows = measured[0]?.report.rows ?? majority?.rows ?? 0;
  const sure = intervalText('accuracy', 0.9, rows);
  return (
    <>
      <div className="between">
        <h2>Metric</h2>
        {metrics.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Metric that is shown"
            data={metrics.map((id) => ({ value: id, label: metricWords(id).label }))}
            value={metric}
            onChange={setChosen}
          />
        )}
      </div>
      <div className="formula metric-formula">
        <Formula text={formula} />
        <span className="formula-now">{about}</span>
      </div>
      <table className="metric-table">
        <thead>
          <tr>
            <th scope="col">{shortLabel(task)}, validation rows</th>
            <th scope="col" className="num">
              {label}
              {percent ? ', %' : ''}
            </th>
          </tr>
        </thead>
        <tbody>
          {measured.map((one) => (
            <Line key={one.label} {...one} metric={metric} />
          ))}
          {isAccuracy(metric) && majority && (
            <tr className="muted">
              <td>always the most frequent label</td>
              <td className="num">{formatMetric(metric, majority.share)}</td>
            </tr>
          )}
          {papers.map((figure) => (
            <tr key={figure.label} className="faint">
              <td>{figure.label}</td>
              <td className="num">{percent ? figure.value.toFixed(1) : (figure.value / 100).toFixed(3)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="tiny faint">
        {metrics[0] === metric ? 'The task’s own metric: its best step is marked. ' : ''}
        {isAccuracy(metric)
          ? `Ranges are Wilson’s 95 % intervals${rows > 0 ? `: of ${formatCount(rows)} rows, 90.0 means ${sure}` : ''}.`
          : 'No interval is given for this metric.'}
      </p>
      {papers.length > 0 && (
        <p className="tiny faint metric-note">
          <Icon name="note" size={13} /> {paperDiffers(task)}
        </p>
      )}
    </>
  );
}

/** What is measured of the recipe's task: formula, baseline, own figures, and the paper's in grey. */
export function MetricCard() {
  const data = useTaskData();
  const { card } = useTaskCard(data);
  const run = useStudio((state) =>
    state.runs.findLast(({ recipe }) => JSON.stringify(recipe.data) === JSON.stringify(data)),
  );
  if (!data || !card) return null;
  const { share } = majorityOf(card);
  return (
    <section className="card metric-card" aria-label="Metric">
      <Figures
        key={data.task}
        task={data.task}
        metrics={card.metrics}
        majority={{ share, rows: card.validation.rows }}
        run={run}
      />
    </section>
  );
}

/** The same for a run, from what it has measured. */
export function RunMetricCard({ run }: { run: RunRecord }) {
  const scores = latestScores(run);
  const [first] = scores;
  if (!first) return null;
  return (
    <section className="card metric-card" aria-label="Metric">
      <Figures
        task={first.task}
        metrics={Object.keys(first.metrics)}
        majority={{ share: first.majority, rows: first.rows }}
        run={{ ...run, scores }}
      />
    </section>
  );
}
