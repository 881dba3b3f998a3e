/** The Compare place: runs side by side, their curves, size against quality, and the zero-shot sweep. */
import { Button, SegmentedControl } from '@mantine/core';
import { useMemo, useState, useSyncExternalStore } from 'react';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { formatFigure } from '../charts/format';
import { ChartGroup } from '../charts/group';
import { LineChart } from '../charts/LineChart';
import type { ScatterPoint } from '../charts/scatter';
import type { ChartDefaults, LineChartSpec } from '../charts/spec';
import { TEACHER } from '../charts/styles';
import { PaperView } from '../paper/PaperView';
import { Icon } from '../pieces/Icon';
import { scoreSeries } from '../run/scoreSpecs';
import { fieldWords, protocolWords } from '../run/protocolWords';
import { perplexitySeries, plannedEnd } from '../run/specs';
import { seriesBook } from '../series';
import { useStudio } from '../store';
import { MethodsCard } from './MethodsCard';
import { commonProtocol, compareRows, compareTable, sharedMeasure, type CompareRow } from './rows';
import { RunsTable } from './RunsTable';
import { Scatter } from './Scatter';
import { SweepCard } from './SweepCard';
import { useCompareView } from './view';
import './compare.css';

function useRows(): CompareRow[] {
  const runs = useStudio((state) => state.runs);
  const focusId = useStudio((state) => state.shownRunId) ?? runs.at(-1)?.id ?? null;
  const methods = useStudio((state) => state.methods);
  const hidden = useCompareView((state) => state.hidden);
  return useMemo(() => compareRows(runs, focusId, hidden, methods), [runs, focusId, hidden, methods]);
}

export function ComparePlace() {
  const { sheet, setSheet } = useCompareView();
  return (
    <div className="compare-place">
      <SegmentedControl
        className="compare-sheets"
        aria-label="What is compared"
        data={[
          { value: 'runs', label: 'Runs' },
          { value: 'paper', label: 'The paper’s tables' },
        ]}
        value={sheet}
        onChange={(value) => setSheet(value)}
      />
      {sheet === 'paper' ? <PaperView /> : <Runs />}
    </div>
  );
}

function Runs() {
  const rows = useRows();
  return (
    <>
      {rows.length > 0 ? <RunsCard rows={rows} /> : <NoRuns />}
      {rows.length > 0 && (
        <div className="compare-charts">
          <Curves rows={rows} />
          <SizeAgainstQuality rows={rows} />
        </div>
      )}
      <div className="compare-sweeps">
        <MethodsCard />
      </div>
      <div className="compare-sweeps">
        <SweepCard />
      </div>
    </>
  );
}

function NoRuns() {
  const go = useStudio((state) => state.go);
  return (
    <section className="card compare-empty" aria-label="Runs">
      <h2>No runs to compare yet</h2>
      <p className="muted">
        Each run of this visit becomes a row here, with what sets it apart and what came out. The sweep below
        compares layer sets before any training.
      </p>
      <Button onClick={() => go('compose')}>Set up a run</Button>
    </section>
  );
}

function RunsCard({ rows }: { rows: readonly CompareRow[] }) {
  const reports = rows
    .filter(({ comparable }) => comparable)
    .flatMap(({ run }) => run.evals.filter(({ data }) => data === run.evals[0]!.data).slice(-1));
  const others = rows.filter(({ comparable }) => !comparable).length;
  const protocol = commonProtocol(reports);
  const measure = sharedMeasure(rows);
  const table = compareTable(rows);
  return (
    <section className="card compare-runs" aria-label="Runs">
      <header className="row compare-head">
        <h2>
          {rows.length} {rows.length === 1 ? 'run' : 'runs'}
        </h2>
        <span className="small muted grow">
          {protocol && `Perplexity: ${measure?.on}, ${protocolWords(protocol)}`}
        </span>
        <Button
          size="xs"
          onClick={() => saveText(toCsv(table.head, table.rows), 'decant-runs.csv', 'text/csv')}
        >
          <Icon name="download" />
          &nbsp;CSV
        </Button>
      </header>
      <div className="compare-scroll">
        <RunsTable rows={rows} protocol={measure?.fields ? (protocol ?? reports[0] ?? null) : null} />
      </div>
      {others > 0 && (
        <p className="compare-says small">
          <Icon name="info" />
          <b>
            {others === 1 ? 'One run is' : `${others} runs are`} not comparable with the run in focus.
          </b>{' '}
          <span className="muted">
            What sets them apart:{' '}
            {[...new Set(rows.flatMap(({ apart }) => (apart ? [apart] : [])))].join('; ')}. Perplexities share
            a scale where text, context, stride and unit are the same; tasks have scales of their own. Charts
            leave these runs out. Choose another run as the focus to see its kind.
          </span>
        </p>
      )}
      {reports.length > 1 && !protocol && (
        <p className="compare-says small">
          <Icon name="info" />
          <b>Not all runs were measured alike.</b>{' '}
          <span className="muted">
            Their perplexities are of other amounts of the same text, so compare them with care.
          </span>
        </p>
      )}
    </section>
  );
}

/** The teacher's perplexity or metric, from a run that measured it. */
function teacherReference(rows: readonly CompareRow[]) {
  const value = rows.find((row) => row.comparable && row.own.teacher !== null)?.own.teacher ?? null;
  return value === null ? [] : [{ id: 'teacher', label: 'teacher', value, style: TEACHER }];
}

const PERPLEXITIES: ChartDefaults = { log: true, clip: false, smoothing: 0 };
const METRICS: ChartDefaults = { log: false, clip: false, smoothing: 0 };

/** A run's curve by its measure. */
function curveOf(row: CompareRow) {
  const look = { label: row.run.name, style: row.style! };
  const series = seriesBook.get(row.run.id);
  const { metric } = row.measure;
  return metric === null
    ? perplexitySeries(row.run, series, 'step', look)
    : scoreSeries(row.run, series, 'step', metric, look);
}

function Curves({ rows }: { rows: readonly CompareRow[] }) {
  const [group] = useState(() => new ChartGroup());
  const version = useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  const measure = sharedMeasure(rows);
  const spec = useMemo<LineChartSpec>(() => {
    const shown = rows.filter((row) => row.style !== null && row.comparable);
    const order = [...shown].sort((a, b) => Number(b.focus) - Number(a.focus));
    return {
      title: measure?.higherIsBetter ? measure.label : 'Validation perplexity',
      unit: measure?.fields
        ? `${measure.on}, ${fieldWords(measure.fields)}`
        : 'by step, on the validation rows',
      series: order.map(curveOf),
      higherIsBetter: measure?.higherIsBetter,
      references: teacherReference(rows),
      xUnit: 'step',
      xEnd:
        version < 0
          ? 0
          : Math.max(0, ...shown.map((row) => plannedEnd(row.run, seriesBook.get(row.run.id), 'step'))),
      formatValue: measure?.format ?? formatFigure,
    };
  }, [rows, version, measure]);
  return (
    <LineChart
      key={measure?.key}
      spec={spec}
      group={group}
      defaults={measure?.higherIsBetter ? METRICS : PERPLEXITIES}
      endLabels
      empty="Tick a run above to see its curve."
    />
  );
}

/** Names of points stand inside the picture. */
const MOST_LETTERS = 28;
const shortened = (name: string) =>
  name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1).trimEnd()}…` : name;

function SizeAgainstQuality({ rows }: { rows: readonly CompareRow[] }) {
  const teacher = useStudio((state) => state.teacher);
  const points = useMemo(() => {
    const runs = rows.flatMap((row): ScatterPoint[] =>
      row.after === null || row.parameters === null || row.style === null
        ? []
        : [
            {
              id: row.run.id,
              label: shortened(row.run.name),
              x: row.parameters / 1e6,
              y: row.after,
              style: row.style,
            },
          ],
    );
    const [reference] = teacherReference(rows);
    if (!teacher || !reference || runs.length === 0) return runs;
    return [
      ...runs,
      { id: 'teacher', label: 'teacher', x: teacher.parameters / 1e6, y: reference.value, style: TEACHER },
    ];
  }, [rows, teacher]);
  return <Scatter points={points} measure={sharedMeasure(rows)} />;
}
