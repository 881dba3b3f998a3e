import { useMemo, type Ref } from 'react';
import { FigureCard } from '../charts/FigureCard';
import { formatFigure } from '../charts/format';
import { Marker } from '../charts/Marks';
import { scatterGeometry, type ScatterPoint } from '../charts/scatter';
import { colourOf } from '../charts/styles';
import { bestFront } from './front';
import type { Measure } from './measures';

interface PictureProps {
  measure: Measure | undefined;
  points: readonly ScatterPoint[];
  width: number;
  height: number;
  ref: Ref<SVGSVGElement>;
}

/** `Parameters against perplexity` */
const titleOf = (measure: Measure | undefined) =>
  `Parameters against ${measure?.higherIsBetter ? measure.label : 'perplexity'}`;

function summaryOf(
  points: readonly ScatterPoint[],
  front: readonly ScatterPoint[],
  measure: Measure | undefined,
): string {
  const write = measure?.format ?? formatFigure;
  const all = points.map((point) => `${point.label} ${write(point.y)} at ${formatFigure(point.x)} million`);
  return `${titleOf(measure)} after training. ${all.join('; ')}. On the best front: ${front.map((point) => point.label).join(', ')}.`;
}

function Picture({ points, measure, width, height, ref }: PictureProps) {
  const linear = measure?.higherIsBetter === true;
  const front = bestFront(points, linear);
  const geometry = scatterGeometry(
    points,
    front.map((point) => point.id),
    { width, height, xUnit: 'M', linear },
  );
  if (!geometry) return <p className="decant-plot-empty faint">A point appears when a run has ended.</p>;
  const { plot } = geometry;
  return (
    <svg
      ref={ref}
      className="decant-picture"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={summaryOf(points, front, measure)}
    >
      {geometry.yTicks.map((tick) => (
        <g key={tick.value}>
          <path className="grid" d={`M${plot.left} ${tick.at}H${plot.right}`} />
          <text x={plot.left - 7} y={tick.at + 4} textAnchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      <path className="axis" d={`M${plot.left} ${plot.bottom}H${plot.right}`} />
      {geometry.xTicks.map((tick, i) => (
        <text
          key={tick.value}
          x={tick.at}
          y={plot.bottom + 16}
          textAnchor={i === geometry.xTicks.length - 1 ? 'end' : 'middle'}
        >
          {tick.text}
        </text>
      ))}
      {geometry.front && <path className="front" d={geometry.front} />}
      {geometry.points.map((point) => (
        <g key={point.id}>
          <Marker style={point.style} x={point.at.x} y={point.at.y} size={4.5} />
          <text
            className="strong halo"
            x={point.labelAt.x}
            y={point.labelAt.y}
            textAnchor={point.labelAt.anchor}
            style={point.id === 'teacher' ? { fill: colourOf(point.style) } : undefined}
          >
            {point.text}
          </text>
        </g>
      ))}
    </svg>
  );
}

/** Size against quality; the staircase joins what no other run beats in both. */
export function Scatter({
  points,
  measure,
}: {
  points: readonly ScatterPoint[];
  measure: Measure | undefined;
}) {
  const table = useMemo(
    () => ({
      head: ['run', 'million parameters', measure?.label.toLowerCase() ?? 'perplexity'],
      rows: points.map((one) => [one.label, one.x, one.y]),
    }),
    [points, measure],
  );
  return (
    <FigureCard
      title={titleOf(measure)}
      unit={`after training, ${measure?.higherIsBetter ? 'upper' : 'lower'} left is better`}
      table={table}
      draw={(frame) => <Picture points={points} measure={measure} {...frame} />}
    />
  );
}
