import { showNumber } from '../pieces/number';
import { useContentSize } from '../pieces/useContentSize';
import { factorAt, factorSteps, percentText } from './targets';
import type { IdeaRun } from './useIdeaRun';

const HEIGHT = 104;
/** A step of the stairs needs this much for its figure. */
const FIGURE_ROOM = 16;

interface AnnealingProps {
  tauMax: number;
  share: number;
  /** Steps of the stage, where they are known. */
  steps: number | null;
  epochs: number | null;
  now: IdeaRun | null;
}

/** φ over the stage, both phases on one axis, with the place where a run stands. */
export function AnnealingPicture({ tauMax, share, steps, epochs, now }: AnnealingProps) {
  const [ref, { width }] = useContentSize();
  const total = now?.steps ?? steps;
  const first = total === null ? null : Math.round(total * share);
  // Where phase 1 really ends: a whole number of steps.
  const part = total === null || total === 0 ? share : first! / total;
  const standing = now && now.done > 0 ? now.done / now.steps : null;
  return (
    <figure className="idea" ref={ref}>
      <figcaption className="between small">
        <span className="muted">
          Factor <i className="symbol">φ(t)</i>; figures on the steps are <i className="symbol">t</i>
        </span>
        <span className="tiny faint">{epochs === null ? 'by step' : 'by epoch'}</span>
      </figcaption>
      {width > 60 && (
        <Stairs
          {...{ width, tauMax, part, standing }}
          border={
            epochs === null ? (first === null ? '' : String(first)) : showNumber(rounded(epochs * part))
          }
          end={
            epochs === null
              ? total === null
                ? 'end of the stage'
                : `step ${total.toLocaleString('en-US')}`
              : `epoch ${showNumber(epochs)}`
          }
        />
      )}
    </figure>
  );
}

const rounded = (value: number) => Number(value.toFixed(2));

interface StairsProps {
  width: number;
  tauMax: number;
  /** Shares of the stage. */
  part: number;
  standing: number | null;
  border: string;
  end: string;
}

function Stairs({ width, tauMax, part, standing, border, end }: StairsProps) {
  const [left, top, base] = [26, 18, HEIGHT - 20];
  const at = (share: number) => left + share * (width - left);
  const y = (factor: number) => base - factor * (base - top);
  const stairs = factorSteps(tauMax, part);
  const line = stairs
    .map(({ factor, from, to }, i) => `${i === 0 ? 'M' : 'L'}${at(from)} ${y(factor)}H${at(to)}`)
    .join('');
  const roomy = ((width - left) * part) / tauMax >= FIGURE_ROOM;
  const edge = at(part);
  const now = standing === null ? null : factorAt(tauMax, part, standing);
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={words(tauMax, part, now)}>
      <rect className="todo" x={edge} y={top - 8} width={Math.max(0, width - edge)} height={base - top + 8} />
      {[0, 0.5, 1].map((tick) => (
        <g key={tick}>
          <path className={tick === 0 ? 'axis' : 'grid'} d={`M${left} ${y(tick)}H${width}`} />
          <text x={left - 6} y={y(tick) + 4} textAnchor="end">
            {tick}
          </text>
        </g>
      ))}
      {part > 0 && <path className="factor" d={line} />}
      {roomy &&
        stairs.map(({ t, factor, from, to }) => (
          <text key={t} x={(at(from) + at(to)) / 2} y={y(factor) - 4} textAnchor="middle">
            {t}
          </text>
        ))}
      {part < 1 && <path className="border" d={`M${edge} ${top - 8}V${base}`} />}
      {width - edge > 56 && (
        <text className="value" x={edge + 6} y={top + 6}>
          phase 2
          <tspan x={edge + 6} dy={14}>
            text only
          </tspan>
        </text>
      )}
      {standing !== null && (
        <Now
          x={at(standing)}
          y={now === null ? base : y(now)}
          top={top}
          base={base}
          text={now === null ? 'now, text only' : `now φ ${showNumber(rounded(now))}`}
        />
      )}
      <text x={left} y={HEIGHT - 5}>
        0
      </text>
      {edge - left > 40 && width - edge > 90 && (
        <text x={edge} y={HEIGHT - 5} textAnchor="middle">
          {border}
        </text>
      )}
      <text x={width} y={HEIGHT - 5} textAnchor="end">
        {end}
      </text>
    </svg>
  );
}

function Now({ x, y, top, base, text }: { x: number; y: number; top: number; base: number; text: string }) {
  const flip = x > 110;
  return (
    <>
      <path className="now" d={`M${x} ${top - 8}V${base}`} />
      <circle className="now-point" cx={x} cy={y} r={3.5} />
      <text className="strong halo" x={flip ? x - 6 : x + 6} y={top} textAnchor={flip ? 'end' : 'start'}>
        {text}
      </text>
    </>
  );
}

function words(tauMax: number, part: number, now: number | null): string {
  const plan = `The factor rises in ${tauMax} equal steps from ${showNumber(rounded(1 / tauMax))} to 1 over the first ${percentText(part)} per cent of the stage; after that the student learns from the text alone.`;
  return now === null ? plan : `${plan} It is ${showNumber(rounded(now))} now.`;
}
