/** The pieces of the layer board's drawing. They know geometry and state, and nothing of the store. */
import { formatCompact } from '../charts/format';
import { ribbonPath, type BoardGeometry } from './boardGeometry';

/** Text baseline in a row of this height. */
const baseline = (y: number, height: number) => y + height / 2 + 4;

export interface SlabProps {
  geometry: BoardGeometry;
  layer: number;
  kept: boolean;
  label: string;
  parameters: number;
  tabbable: boolean;
  hot: boolean;
  inRange: boolean;
  onFocus: () => void;
  onHover: (on: boolean) => void;
}

/** One teacher layer: tick box, name, parameters. Kept: pulled out, edged, ticked, bold. */
export function Slab({
  geometry: g,
  layer,
  kept,
  label,
  parameters,
  tabbable,
  hot,
  inRange,
  onFocus,
  onHover,
}: SlabProps) {
  const y = g.layerY(layer);
  const width = g.teacherWidth + (kept ? g.pull : 0);
  const box = Math.min(13, g.slab - 4);
  const boxY = y + (g.slab - box) / 2;
  const state = [kept && 'on', hot && 'hover', inRange && 'range'].filter(Boolean).join(' ');
  return (
    <g
      className={`slab ${state}`}
      role="option"
      aria-selected={kept}
      aria-label={label}
      tabIndex={tabbable ? 0 : -1}
      data-layer={layer}
      onFocus={onFocus}
      onPointerEnter={() => onHover(true)}
      onPointerLeave={() => onHover(false)}
    >
      <rect className="body" x={0} y={y} height={g.slab} rx={3} style={{ width }} />
      <rect
        className="edge"
        x={0.75}
        y={y + 0.75}
        height={g.slab - 1.5}
        rx={2.5}
        style={{ width: width - 1.5 }}
      />
      <rect className="ring" x={-3} y={y - 3} height={g.slab + 6} rx={5} style={{ width: width + 6 }} />
      <rect className="box" x={12.5} y={boxY} width={box} height={box} rx={3} />
      {kept && <path className="tick" d={`M15.8 ${boxY + 6.7}l2.3 2.4 4.3-4.8`} />}
      <text className="name" x={36} y={baseline(y, g.slab)}>
        h.{layer}
      </text>
      {!g.narrow && (
        <text className="val" x={g.teacherWidth - 12} y={baseline(y, g.slab)}>
          {formatCompact(parameters)}
        </text>
      )}
    </g>
  );
}

export interface StudentProps {
  geometry: BoardGeometry;
  kept: readonly number[];
  parameters: number;
  hot: number | null;
}

/** The student's slots, on the teacher's floor. */
export function StudentSlots({ geometry: g, kept, parameters, hot }: StudentProps) {
  const width = g.width - g.slotsFrom;
  return (
    <>
      {kept.map((layer, slot) => {
        const y = g.slotY(slot);
        const text = baseline(y, g.slab);
        return (
          <g key={slot} className={layer === hot ? 'slot hover' : 'slot'}>
            <rect x={g.slotsFrom + 0.75} y={y + 0.75} width={width - 1.5} height={g.slab - 1.5} rx={2.5} />
            <text className="name" x={g.slotsFrom + 12} y={text}>
              {g.narrow ? slot : `h.${slot}`}
            </text>
            <text className="from" x={g.slotsFrom + (g.narrow ? 36 : 50)} y={text}>
              from h.{layer}
            </text>
            {!g.narrow && (
              <text className="val" x={g.width - 12} y={text}>
                {formatCompact(parameters)}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** Kept layers flow into their slots; order is kept, so ribbons never cross. */
export function Ribbons({
  geometry: g,
  kept,
  hot,
}: {
  geometry: BoardGeometry;
  kept: readonly number[];
  hot: number | null;
}) {
  const grey = [
    { from: g.teacherNormY, to: g.studentNormY },
    { from: g.embeddingsY, to: g.embeddingsY },
  ];
  return (
    <g aria-hidden="true">
      {grey.map(({ from, to }) => (
        <path key={from} className="ribbon grey" d={ribbonPath(g, from, to, g.fixed)} />
      ))}
      {kept.map((layer, slot) => {
        const path = ribbonPath(g, g.layerY(layer), g.slotY(slot), g.slab);
        const tone = hot === null ? '' : layer === hot ? 'hot' : 'dim';
        // The CSS property morphs from the old set to the new one where the browser can.
        return <path key={slot} className={`ribbon ${tone}`} d={path} style={{ d: `path("${path}")` }} />;
      })}
    </g>
  );
}

export interface FixedRowProps {
  geometry: BoardGeometry;
  side: 'teacher' | 'student';
  y: number;
  text: string;
  short: string;
}

/** Embeddings and final norm: always kept. */
export function FixedRow({ geometry: g, side, y, text, short }: FixedRowProps) {
  const x = side === 'teacher' ? 0 : g.slotsFrom;
  const width = side === 'teacher' ? g.teacherWidth + g.pull : g.width - g.slotsFrom;
  return (
    <g className="fixed">
      <title>Always kept: the student needs the teacher’s embeddings and final norm.</title>
      <rect x={x + 0.5} y={y + 0.5} width={width - 1} height={g.fixed - 1} rx={3} />
      <text x={x + 10} y={baseline(y, g.fixed)}>
        {g.narrow ? short : text}
      </text>
    </g>
  );
}
