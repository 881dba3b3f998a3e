import { useContentSize } from '../pieces/useContentSize';
import { percentText, type Target, type TargetBar } from './targets';

const HEIGHT = 98;

interface TargetPictureProps {
  bars: readonly TargetBar[];
  target: Target;
  /** The same settings with two labels. */
  withTwo: Target;
}

/** What softening does to a one-hot target: outline before, filled after. */
export function TargetPicture({ bars, target, withTwo }: TargetPictureProps) {
  const [ref, { width }] = useContentSize();
  const base = HEIGHT - 20;
  const tall = base - 18;
  const pitch = width / bars.length;
  const bar = Math.min(24, pitch - 14);
  const words = bars
    .filter(({ before, after }) => before > 0 || after >= 0.001)
    .map(({ label, before, after }) => `${label} from ${percentText(before)} to ${percentText(after)}`);
  return (
    <figure className="idea" ref={ref}>
      <figcaption className="between small">
        <span className="muted">Target after “… leaves the lake”, %</span>
        <span className="tiny idea-key">
          <i className="before" /> before <i className="after" /> after
        </span>
      </figcaption>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={`Target in per cent: ${words.join(', ')}`}>
          {bars.map(({ label, before, after }, i) => (
            <g key={label}>
              <Column {...{ before, after, middle: (i + 0.5) * pitch, bar, base, tall }} />
              {(i === 0 || i === bars.length - 1) && (
                <text
                  className="value"
                  x={i === 0 ? (i + 0.5) * pitch + bar / 2 + 8 : width - 2}
                  y={base - tall * (i === 0 ? 0.86 : Math.max(before, after)) - (i === 0 ? 0 : 6)}
                  textAnchor={i === 0 ? 'start' : 'end'}
                >
                  {percentText(before)} → {percentText(after)}
                </text>
              )}
              <text
                className={i < bars.length - 1 ? 'token' : undefined}
                x={(i + 0.5) * pitch}
                y={HEIGHT - 6}
                textAnchor="middle"
              >
                {label}
              </text>
            </g>
          ))}
          <path className="axis" d={`M0 ${base}H${width}`} />
        </svg>
      )}
      <p className="tiny faint">
        Every token but the right one gets the same {percentText(target.others)} %. With two labels:{' '}
        {percentText(withTwo.label)} and {percentText(withTwo.others)}.
      </p>
    </figure>
  );
}

interface ColumnProps {
  before: number;
  after: number;
  middle: number;
  bar: number;
  base: number;
  tall: number;
}

function Column({ before, after, middle, bar, base, tall }: ColumnProps) {
  return (
    <>
      <rect
        className="after"
        x={middle - bar / 2}
        y={base - tall * after}
        width={bar}
        height={tall * after}
      />
      {before > 0 && (
        <rect
          className="before"
          x={middle - bar / 2 - 3}
          y={base - tall * before}
          width={bar + 6}
          height={tall * before}
        />
      )}
    </>
  );
}
