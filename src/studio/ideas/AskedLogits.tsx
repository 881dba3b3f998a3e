import { useEffect } from 'react';
import { annealingFactor } from '../../methods/formulas';
import { formatFigure } from '../charts/format';
import { showNumber } from '../pieces/number';
import { useContentSize } from '../pieces/useContentSize';
import { useStudio } from '../store';
import { softTargetKey } from '../storeSoftTarget';
import { columnLabel, namedTokens } from './softTarget';

const HEIGHT = 84;

/** Three temperatures of τ … 1: the first, the one at hand or the middle, the last. */
export function shownTemperatures(tauMax: number, now: number | null): number[] {
  const middle = now ?? Math.ceil((tauMax + 1) / 2);
  return [...new Set([tauMax, middle, 1])];
}

/** φ(t) z_t of the teacher's likeliest tokens at one place of the held-out text. */
export function AskedLogits({ tauMax, now }: { tauMax: number; now: number | null }) {
  const key = useStudio(softTargetKey);
  const ask = useStudio((state) => state.askSoftTarget);
  useEffect(() => void ask(), [key, ask]);
  const distribution = useStudio((state) => state.softTarget);
  const [ref, { width }] = useContentSize();
  if (!distribution) return null;
  const { teacher, words, passage, position } = distribution;
  const ids = namedTokens(distribution);
  const logits = ids.map((id) => teacher[id]!);
  const labels = ids.map((id) => columnLabel(words.find((word) => word.id === id)?.text ?? `#${id}`));
  const panels = shownTemperatures(tauMax, now);
  const context = passage
    .slice(Math.max(0, position - 4), position)
    .map(({ text }) => text)
    .join('');
  return (
    <figure className="idea" ref={ref}>
      <figcaption className="between small">
        <span className="muted">
          What is asked for, <i className="symbol">φ(t) z</i>
          <sub>t</sub>
        </span>
        <span className="tiny faint asked-context">after “…{context.replaceAll('\n', ' ')}”</span>
      </figcaption>
      {width > 100 && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Logits of ${labels.join(', ')}: ${panels
            .map((t) => `at t ${t} ${logits.map((z) => formatFigure(factorOf(t, tauMax) * z)).join(', ')}`)
            .join('; ')}`}
        >
          {panels.map((t, i) => (
            <Panel
              key={t}
              {...{ t, tauMax, logits, labels }}
              x={(i * width) / panels.length}
              width={width / panels.length - 14}
              isNow={t === now}
            />
          ))}
        </svg>
      )}
    </figure>
  );
}

/** φ at a temperature. */
const factorOf = (t: number, tauMax: number) => annealingFactor({ step: tauMax - t, steps: tauMax }, tauMax);

interface PanelProps {
  t: number;
  tauMax: number;
  logits: readonly number[];
  labels: readonly string[];
  x: number;
  width: number;
  isNow: boolean;
}

function Panel({ t, tauMax, logits, labels, x, width, isNow }: PanelProps) {
  const factor = factorOf(t, tauMax);
  const [top, bottom] = [28, HEIGHT - 18];
  const high = Math.max(0, ...logits);
  const low = Math.min(0, ...logits);
  const y = (value: number) => top + ((high - value) / (high - low || 1)) * (bottom - top);
  const pitch = width / logits.length;
  return (
    <g>
      <text className={isNow ? 'strong' : 'value'} x={x} y={10}>
        t {t}, φ {showNumber(Number(factor.toFixed(2)))}
        {isNow ? ' now' : ''}
      </text>
      {logits.map((z, i) => {
        const [from, to] = [y(Math.max(0, factor * z)), y(Math.min(0, factor * z))];
        return (
          <rect
            key={i}
            className="of-teacher"
            x={x + i * pitch}
            y={from}
            width={Math.max(1, pitch - 4)}
            height={Math.max(0.5, to - from)}
          />
        );
      })}
      <path className="axis" d={`M${x} ${y(0)}h${width}`} />
      <text
        className="value"
        x={x + pitch / 2 - 2}
        y={y(Math.max(0, factor * logits[0]!)) - 4}
        textAnchor="middle"
      >
        {formatFigure(factor * logits[0]!)}
      </text>
      {[0, 2, 4].map((i) => (
        <text key={i} className="token" x={x + i * pitch} y={HEIGHT - 4}>
          {labels[i]?.slice(0, Math.floor((2 * pitch) / 6.8))}
        </text>
      ))}
    </g>
  );
}
