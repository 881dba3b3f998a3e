import { useMemo, useState } from 'react';
import { ChartPicture } from '../charts/ChartPicture';
import { geometryOf } from '../charts/geometry';
import { ChartGroup } from '../charts/group';
import { Legend } from '../charts/Legend';
import { summaryOf } from '../charts/readout';
import type { ChartView, LineChartSpec } from '../charts/spec';
import { useContentSize } from '../pieces/useContentSize';
import '../charts/charts.css';

interface IdeaChartProps {
  spec: LineChartSpec;
  height: number;
  log?: boolean;
}

/** A small chart in a method's card; the Run place has the same numbers large, with table and menu. */
export function IdeaChart({ spec, height, log = false }: IdeaChartProps) {
  const [ref, { width }] = useContentSize();
  const [group] = useState(() => new ChartGroup());
  const geometry = useMemo(() => {
    const view: ChartView = { log, clip: false, smoothing: 0, zoom: null };
    return width > 60 ? geometryOf(spec, view, { width, height, small: true, endLabels: false }) : null;
  }, [spec, width, height, log]);
  return (
    <div ref={ref}>
      <Legend spec={spec} lines={geometry?.lines ?? []} group={group} />
      {geometry && (
        <ChartPicture ref={null} {...{ geometry, spec, group, summary: summaryOf(spec), chosen: 0 }} />
      )}
    </div>
  );
}
