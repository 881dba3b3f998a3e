/** A line chart in its card: title, legend with values at the cursor, picture, data table, menu and keys. */
import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useStudio } from '../store';
import { ChartMenu } from './ChartMenu';
import { ChartPicture } from './ChartPicture';
import { chartKey } from './keys';
import { DataTable } from './DataTable';
import { geometryOf } from './geometry';
import { useZoom, type ChartGroup } from './group';
import { Legend } from './Legend';
import { hiddenText, summaryOf } from './readout';
import type { ChartDefaults, ChartMode, ChartView, LineChartSpec } from './spec';
import { useSize } from './useSize';
import './charts.css';

interface LineChartProps {
  spec: LineChartSpec;
  group: ChartGroup;
  defaults: ChartDefaults;
  /** A small multiple: no legend, the value stands beside the title. */
  small?: boolean;
  /** Names at the line ends, where several runs are overlaid. */
  endLabels?: boolean;
  /** What stands in the picture's place while there is nothing to draw. */
  empty?: string;
}

/** Settings of this one chart that depart from the page's, and how the chart follows both. */
function useChartView(spec: LineChartSpec, group: ChartGroup, defaults: ChartDefaults) {
  const [own, setOwn] = useState<Partial<ChartDefaults>>({});
  const zoom = useZoom(group);
  const { log, clip, smoothing } = { ...defaults, ...own };
  const view = useMemo<ChartView>(() => ({ log, clip, smoothing, zoom }), [log, clip, smoothing, zoom]);
  const change = useCallback((part: Partial<ChartDefaults>) => setOwn((old) => ({ ...old, ...part })), []);
  const smooths = spec.series.some((one) => !one.measured);
  return { view, change, smooths };
}

/** One chart with everything visual.md, section 3, asks of it. */
export function LineChart(props: LineChartProps) {
  const { spec, group, defaults, small = false, endLabels = false, empty = 'No points yet.' } = props;
  const [mode, setMode] = useState<ChartMode>('chart');
  const [chosen, setChosen] = useState(0);
  const [spoken, setSpoken] = useState('');
  const { view, change, smooths } = useChartView(spec, group, defaults);
  const singleKeys = useStudio((state) => state.singleKeys);
  const [box, size] = useSize<HTMLDivElement>();
  const svg = useRef<SVGSVGElement>(null);
  const geometry = useMemo(
    () =>
      size.width > 60 && size.height > 50 ? geometryOf(spec, view, { ...size, small, endLabels }) : null,
    [spec, view, size, small, endLabels],
  );
  const summary = useMemo(() => summaryOf(spec), [spec]);

  const onKeyDown = (event: KeyboardEvent) => {
    const action = chartKey(event, { spec, lines: geometry?.lines ?? [], group, chosen, view, singleKeys });
    if (!action) return;
    event.preventDefault();
    if (action.chosen !== undefined) setChosen(action.chosen);
    if (action.spoken !== undefined) setSpoken(action.spoken);
    if (action.change) change(action.change);
    if (action.table) setMode(mode === 'chart' ? 'both' : 'chart');
  };

  const Title = small ? 'h3' : 'h2';
  return (
    <section className={`card decant-chart ${small ? 'small-chart' : ''}`} aria-label={spec.title}>
      <header className="decant-chart-head">
        <Title>{spec.title}</Title>
        <span className="unit faint">{small ? '' : spec.unit}</span>
        {small && <Legend spec={spec} lines={geometry?.lines ?? []} group={group} valueOnly />}
        <ChartMenu {...{ spec, view, mode, setMode, change, group, svg, smooths }} />
      </header>
      {!small && !endLabels && (
        <Legend spec={spec} lines={geometry?.lines ?? []} group={group} hidden={geometry?.hidden ?? 0} />
      )}
      {small && view.clip && geometry !== null && geometry.hidden > 0 && (
        <p className="tiny faint">{hiddenText(geometry.hidden)}</p>
      )}
      <div
        ref={box}
        className="decant-plot"
        hidden={mode === 'table'}
        tabIndex={0}
        role="group"
        aria-label={`${spec.title}, chart. Arrow keys move the cursor.`}
        onKeyDown={onKeyDown}
      >
        {geometry ? (
          <ChartPicture ref={svg} {...{ geometry, spec, group, summary, chosen }} />
        ) : (
          <p className="decant-plot-empty faint">{empty}</p>
        )}
      </div>
      {mode !== 'chart' && <DataTable spec={spec} group={group} tall={mode === 'table'} />}
      <p className="visually-hidden" aria-live="polite">
        {spoken}
      </p>
    </section>
  );
}
