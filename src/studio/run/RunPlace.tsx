/** The Run place: what the run is doing, its curves, what it writes, and the way home for the student. */
import { Button } from '@mantine/core';
import { useMemo, useSyncExternalStore } from 'react';
import { ChartGroup } from '../charts/group';
import { LineChart } from '../charts/LineChart';
import type { ChartDefaults } from '../charts/spec';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { seriesBook } from '../series';
import { useStudio } from '../store';
import { dataRefusal } from '../storeTask';
import { isActive, type RunRecord } from '../storeRuns';
import { RunMetricCard } from '../task/MetricCard';
import '../task/task.css';
import { AfterRun } from './AfterRun';
import { ChartTools } from './ChartTools';
import { MethodStory } from './MethodStory';
import { learns } from './pipeline';
import { Samples } from './Samples';
import { useRunView } from './settings';
import { scoreCharts } from './scoreSpecs';
import { runCharts } from './specs';
import { StageResults } from './StageResults';
import { StatusCard } from './StatusCard';
import './run.css';

/** The run that is shown: the chosen one, or the latest. */
function useShownRun(): RunRecord | undefined {
  return useStudio((state) => state.runs.find((run) => run.id === state.shownRunId) ?? state.runs.at(-1));
}

export function RunPlace() {
  const run = useShownRun();
  if (!run) return <EmptyRun />;
  // A fresh set of charts for each run: cursor and zoom of one mean nothing for another.
  return <ShownRun key={run.id} run={run} />;
}

function EmptyRun() {
  const go = useStudio((state) => state.go);
  const startRun = useStudio((state) => state.startRun);
  const ready = useStudio(
    (state) => state.phase === 'ready' && state.teacher !== null && dataRefusal(state) === null,
  );
  return (
    <section className="run-empty" aria-label="Run">
      <h2>No run yet</h2>
      <p className="muted">
        Loss and validation perplexity, or a task’s metrics, appear here within seconds, while the student of
        your layers learns on this device. The recipe in Compose is set and can run as it is.
      </p>
      <div className="row">
        <Button variant="filled" size="md" disabled={!ready} onClick={() => void startRun()}>
          <Icon name="play" solid />
          &nbsp;Run
        </Button>
        <Button size="md" onClick={() => go('compose')}>
          Look at the recipe
        </Button>
      </div>
      {!ready && <p className="small faint">Teacher and text, or rows, are being loaded.</p>}
    </section>
  );
}

/** The session keeps the weights of every ended run, and the last good ones of a run whose loss broke down. */
function hasStudent(run: RunRecord): boolean {
  return run.result !== null || (run.error?.name === 'TrainingError' && run.totalSteps > 0);
}

function ShownRun({ run }: { run: RunRecord }) {
  const retry = useStudio((state) => state.go);
  return (
    <div className={learns(run, 'lm') && learns(run, 'task') ? 'run-place mixed' : 'run-place'}>
      <StatusCard run={run} />
      {run.error && (
        <div className="run-wide">
          <ErrorCard
            error={run.error}
            meaning={
              run.evals.length > 0 ? 'The curves up to here stay; other runs are not touched.' : undefined
            }
            action={{ label: 'Change the recipe', run: () => retry('compose') }}
          />
        </div>
      )}
      <ChartTools run={run} />
      <Charts run={run} />
      <aside className="run-side">
        <StageResults run={run} />
        {hasStudent(run) && <AfterRun run={run} />}
        <RunMetricCard run={run} />
        <MethodStory run={run} />
        {learns(run, 'lm') && <Samples run={run} />}
      </aside>
    </div>
  );
}

const NAMES = ['loss', 'perplexity', 'learningRate', 'gradNorm', 'speed'] as const;

function Charts({ run }: { run: RunRecord }) {
  const methods = useStudio((state) => state.methods);
  const { axis, smoothing, log, clip, oneCursor } = useRunView();
  const version = useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  // Positions on one axis mean nothing on another, so each axis has its own cursors and zoom.
  const groups = useMemo(
    () => ({ axis, shared: new ChartGroup(), own: NAMES.map(() => new ChartGroup()) }),
    [axis],
  );
  // `version` stands for what the book's columns hold now.
  const charts = useMemo(
    () => ({ version, ...runCharts(run, seriesBook.get(run.id), methods, axis) }),
    [run, methods, axis, version],
  );
  const scores = useMemo(
    () => (version < 0 ? [] : scoreCharts(run, seriesBook.get(run.id), axis, methods)),
    [run, axis, version, methods],
  );
  const smooth = useMemo<ChartDefaults>(() => ({ log: false, clip, smoothing }), [clip, smoothing]);
  const measured = useMemo<ChartDefaults>(() => ({ log, clip: false, smoothing: 0 }), [log]);
  const plain = useMemo<ChartDefaults>(() => ({ log: false, clip, smoothing: 0 }), [clip]);
  const group = (i: number) => (oneCursor ? groups.shared : groups.own[i]!);
  const text = learns(run, 'lm') ? [{ spec: charts.perplexity, view: measured }] : [];
  // Beside the loss one chart has room; a run of texts and a task has a second row.
  const large = text.length > 0 ? 2 : 1;
  const measures = [...text, ...scores.slice(0, large).map((spec) => ({ spec, view: plain }))];
  const smalls = scores.slice(large);
  const later = isActive(run) ? 'Measured when the stage of the task begins.' : 'Never measured.';
  const waiting = isActive(run) ? 'The first step is on its way.' : 'This run has no points.';
  return (
    <>
      <LineChart spec={charts.loss} group={group(0)} defaults={smooth} empty={waiting} />
      {measures.map(({ spec, view }) => (
        <LineChart
          key={spec.title}
          spec={spec}
          group={group(1)}
          defaults={view}
          empty={spec === charts.perplexity || !text.length ? waiting : later}
        />
      ))}
      <div className="run-smalls">
        {smalls.map((spec) => (
          <LineChart key={spec.title} spec={spec} group={groups.shared} defaults={plain} small empty="–" />
        ))}
        <LineChart spec={charts.learningRate} group={group(2)} defaults={plain} small empty="–" />
        <LineChart spec={charts.gradNorm} group={group(3)} defaults={plain} small empty="–" />
        <LineChart spec={charts.speed} group={group(4)} defaults={plain} small empty="–" />
      </div>
    </>
  );
}
