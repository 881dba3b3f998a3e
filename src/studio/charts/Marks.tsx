/** Markers and legend samples: the same shapes in charts, tables and legends. */
import { colourOf, type LineStyle } from './styles';

interface MarkerProps {
  style: LineStyle;
  x: number;
  y: number;
  size?: number;
}

/** A run's marker around a point. */
export function Marker({ style, x, y, size = 4 }: MarkerProps) {
  const colour = colourOf(style);
  switch (style.marker) {
    case 'none':
      return null;
    case 'disc':
      return <circle cx={x} cy={y} r={size} fill={colour} />;
    case 'ring':
      return (
        <circle cx={x} cy={y} r={size - 0.5} fill="var(--decant-surface)" stroke={colour} strokeWidth={2.5} />
      );
    case 'square':
      return <rect x={x - size} y={y - size} width={size * 2} height={size * 2} fill={colour} />;
    case 'triangle':
      return <path d={`M${x} ${y - size - 1}L${x + size + 1} ${y + size}H${x - size - 1}Z`} fill={colour} />;
    case 'diamond': {
      const r = size + 1;
      return <path d={`M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`} fill={colour} />;
    }
    case 'cross': {
      const d = `M${x - size} ${y - size}L${x + size} ${y + size}M${x + size} ${y - size}L${x - size} ${y + size}`;
      return <path d={d} fill="none" stroke={colour} strokeWidth={2.5} />;
    }
  }
}

/** A short piece of a line, with its marker where it has one, for legends and tables. */
export function LineSample({ style, marker = false }: { style: LineStyle; marker?: boolean }) {
  return (
    <svg className="decant-sample" width={26} height={12} viewBox="0 0 26 12" aria-hidden="true">
      <path
        d="M1 6H25"
        fill="none"
        stroke={colourOf(style)}
        strokeWidth={2}
        strokeDasharray={style.dash || undefined}
      />
      {marker && <Marker style={style} x={13} y={6} size={3.5} />}
    </svg>
  );
}
