/** The picture itself: one SVG at its real size. The lines are drawn once a publication, the cursor apart. */
import { memo, useState, type PointerEvent, type Ref } from 'react';
import { xText } from './axes';
import type { DrawnLine, Geometry } from './drawn';
import { useCursor, type ChartGroup } from './group';
import { Marker } from './Marks';
import { readAt } from './readout';
import type { LineChartSpec } from './spec';
import { colourOf } from './styles';

interface PictureProps {
  ref: Ref<SVGSVGElement>;
  geometry: Geometry;
  spec: LineChartSpec;
  group: ChartGroup;
  summary: string;
  chosen: number;
}

/** A drag shorter than this is a click. */
const DRAG_PIXELS = 5;

/** Draws a geometry; pointing moves the group's cursor, dragging zooms, a double click shows all. */
export function ChartPicture({ ref, geometry, spec, group, summary, chosen }: PictureProps) {
  const { plot, width, height } = geometry;
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);
  const inside = (event: PointerEvent<SVGSVGElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    return Math.max(plot.left, Math.min(plot.right, event.clientX - left));
  };
  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const at = inside(event);
    group.setCursor(geometry.x.invert(at));
    if (drag) setDrag({ ...drag, to: at });
  };
  const onPointerUp = () => {
    if (drag && Math.abs(drag.to - drag.from) > DRAG_PIXELS) {
      const ends = [geometry.x.invert(drag.from), geometry.x.invert(drag.to)].sort((a, b) => a - b);
      group.setZoom([ends[0]!, ends[1]!]);
    }
    setDrag(null);
  };
  return (
    <svg
      ref={ref}
      className="decant-picture"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={summary}
      onPointerMove={onPointerMove}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: inside(event), to: inside(event) });
      }}
      onPointerUp={onPointerUp}
      onPointerCancel={() => setDrag(null)}
      onPointerLeave={() => group.setCursor(null)}
      onDoubleClick={() => group.setZoom(null)}
    >
      <Drawing geometry={geometry} />
      {drag && (
        <rect
          data-passing
          className="selection"
          x={Math.min(drag.from, drag.to)}
          y={plot.top}
          width={Math.abs(drag.to - drag.from)}
          height={plot.bottom - plot.top}
        />
      )}
      <EndLabels geometry={geometry} spec={spec} group={group} />
      <Cursor {...{ geometry, spec, group, chosen }} />
    </svg>
  );
}

const Drawing = memo(function Drawing({ geometry }: { geometry: Geometry }) {
  const { plot, todo, best, references, marks, notes, bands } = geometry;
  return (
    <>
      {todo && (
        <rect className="todo" x={todo.x} y={plot.top} width={todo.width} height={plot.bottom - plot.top} />
      )}
      {bands.map((band) => (
        <rect
          key={band.x}
          className="band"
          x={band.x}
          y={plot.top}
          width={band.width}
          height={plot.bottom - plot.top}
        />
      ))}
      <Axes geometry={geometry} />
      {marks.map((mark) => (
        <g key={mark.x}>
          {mark.rule && <path className="mark" d={`M${mark.x} ${plot.top - 14}V${plot.bottom}`} />}
          {mark.text && (
            <text x={mark.rule ? mark.x + 5 : mark.x} y={plot.top - 6}>
              {mark.text}
            </text>
          )}
        </g>
      ))}
      {references.map((one) => (
        <g key={one.id}>
          <path
            className="reference"
            d={`M${plot.left} ${one.lineY}H${plot.right}`}
            stroke={colourOf(one.style)}
            strokeDasharray={one.style.dash}
          />
          <text x={one.x} y={one.y} textAnchor={one.anchor} fill={colourOf(one.style)}>
            {one.text}
          </text>
        </g>
      ))}
      {/* The plot's own clip: a zoomed or clipped line must not run over the axes. */}
      <svg x={plot.left} y={0} width={plot.right - plot.left} height={plot.bottom} overflow="hidden">
        <g transform={`translate(${-plot.left} 0)`}>
          {geometry.planned && <path className="planned" d={geometry.planned} />}
          {geometry.lines.toReversed().map((line) => (
            <Line key={line.id} line={line} />
          ))}
        </g>
      </svg>
      {geometry.lines.map((line) => (
        <Points key={line.id} line={line} />
      ))}
      {notes.map((note) => (
        <text key={`${note.x} ${note.y}`} className="halo" x={note.x} y={note.y} textAnchor={note.anchor}>
          {note.text}
        </text>
      ))}
      {geometry.gaps.map((at) => (
        <path key={at} className="gap" d={`M${at - 3} ${plot.bottom + 4}v-8m6 0v8`} />
      ))}
      {best && (
        <g>
          <circle className="ring" cx={best.x} cy={best.y} r={5} stroke={colourOf(best.style)} />
          <text className="strong halo" x={best.labelX} y={best.labelY} textAnchor={best.anchor}>
            {best.text}
          </text>
        </g>
      )}
    </>
  );
});

function Axes({ geometry }: { geometry: Geometry }) {
  const { plot, xTicks, yTicks } = geometry;
  return (
    <>
      {yTicks.map((tick) => (
        <g key={tick.value}>
          <path className="grid" d={`M${plot.left} ${tick.at}H${plot.right}`} />
          <text x={plot.left - 7} y={tick.at + 4} textAnchor="end">
            {tick.text}
          </text>
        </g>
      ))}
      <path className="axis" d={`M${plot.left} ${plot.bottom}H${plot.right}`} />
      {xTicks.map((tick) => (
        <text key={tick.value} x={tick.at} y={plot.bottom + 16} textAnchor={tick.anchor}>
          {tick.text}
        </text>
      ))}
    </>
  );
}

function Line({ line }: { line: DrawnLine }) {
  const colour = colourOf(line.style);
  return (
    <>
      {line.raw && <path className="raw" d={line.raw} stroke={colour} />}
      <path className="line" d={line.path} stroke={colour} strokeDasharray={line.style.dash || undefined} />
    </>
  );
}

function Points({ line }: { line: DrawnLine }) {
  return line.markers.map((point, i) => (
    <circle key={i} className="ring" cx={point.x} cy={point.y} r={2} stroke={colourOf(line.style)} />
  ));
}

/** Names at the ends of overlaid lines; while there is a cursor, each with its value there. */
function EndLabels({ geometry, spec, group }: Omit<CursorProps, 'chosen'>) {
  const cursor = useCursor(group);
  return geometry.endLabels.map((label) => {
    const line = geometry.lines.find((one) => one.id === label.id);
    const value = cursor === null || !line ? NaN : readAt({ ...line, y: line.values }, cursor).value;
    return (
      <g key={label.id}>
        <path
          className="hair"
          d={`M${label.from.x + 5} ${label.from.y}L${geometry.plot.right + 14} ${label.labelY - 4}`}
        />
        <Marker style={label.style} x={label.from.x} y={label.from.y} size={3.5} />
        <text className="strong" x={geometry.plot.right + 18} y={label.labelY}>
          {label.text}
          {Number.isNaN(value) ? '' : <tspan fontWeight={600}> {spec.formatValue(value)}</tspan>}
        </text>
      </g>
    );
  });
}

interface CursorProps {
  geometry: Geometry;
  spec: LineChartSpec;
  group: ChartGroup;
  chosen: number;
}

function Cursor({ geometry, spec, group, chosen }: CursorProps) {
  const cursor = useCursor(group);
  const { plot, x, y } = geometry;
  if (cursor === null || cursor < x.domain[0] || cursor > x.domain[1]) return null;
  const at = x.at(cursor);
  const line = geometry.lines[Math.min(chosen, geometry.lines.length - 1)];
  const reading = line ? readAt({ ...line, y: line.values }, cursor) : null;
  const flip = at > plot.right - 90;
  return (
    <g className="cursor" pointerEvents="none" data-passing>
      <path d={`M${at} ${plot.top}V${plot.bottom}`} />
      <text
        className="strong halo"
        x={flip ? at - 6 : at + 6}
        y={plot.top + 11}
        textAnchor={flip ? 'end' : 'start'}
      >
        {xText(cursor, spec.xUnit)}
      </text>
      {line && reading && Number.isFinite(reading.value) && (
        <circle
          className="ring"
          cx={x.at(reading.x)}
          cy={y.at(reading.value)}
          r={3.5}
          stroke={colourOf(line.style)}
        />
      )}
    </g>
  );
}
