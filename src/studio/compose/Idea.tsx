/** One picture of a method's idea, drawn from its settings as they are now. */
import type { SettingValues } from '../../recipe/settings';
import type { MethodCard } from '../../worker/protocol';
import { showNumber } from '../pieces/number';
import { useStudio } from '../store';
import { factorSteps, percentText, targetBars, TARGETS, type TargetBar } from './ideas';
import { useContentSize } from './useContentSize';
import './idea.css';

const HEIGHT = 96;
/** GPT-2's vocabulary, until there is a teacher. */
const GPT2_VOCABULARY = 50257;

interface IdeaProps {
  method: MethodCard;
  settings: Readonly<SettingValues>;
}

/** Nothing for methods that have no picture. */
export function Idea({ method, settings }: IdeaProps) {
  const classes = useStudio((state) => state.teacher?.config.vocabSize ?? GPT2_VOCABULARY);
  const numbers = Object.fromEntries(
    Object.entries(method.settings).map(([name, spec]) => [name, Number(settings[name] ?? spec.default)]),
  );
  const target = TARGETS[method.id]?.(numbers, classes);
  if (target) return <TargetPicture bars={targetBars(target, classes)} others={target.others} />;
  if (method.id === 'annealing-kd') return <FactorPicture tauMax={numbers.tauMax!} share={numbers.share!} />;
  return null;
}

function TargetPicture({ bars, others }: { bars: readonly TargetBar[]; others: number }) {
  const [ref, { width }] = useContentSize();
  const base = HEIGHT - 20;
  const tall = base - 6;
  const pitch = width / bars.length;
  const bar = Math.min(26, pitch - 8);
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
          {bars.map(({ label, before, after }, i) => {
            const middle = (i + 0.5) * pitch;
            const high = tall * Math.max(before, after);
            return (
              <g key={label}>
                {before > 0 && (
                  <rect
                    className="before"
                    x={middle - bar / 2 - 3}
                    y={base - tall * before}
                    width={bar + 6}
                    height={tall * before}
                  />
                )}
                <rect
                  className="after"
                  x={middle - bar / 2}
                  y={base - tall * after}
                  width={bar}
                  height={tall * after}
                />
                {i === 0 && (
                  <text className="value" x={middle + bar / 2 + 7} y={base - high + 11}>
                    {percentText(before)} → {percentText(after)}
                  </text>
                )}
                {i === bars.length - 1 && (
                  <text className="value" x={width} y={base - high - 5} textAnchor="end">
                    {percentText(before)} → {percentText(after)}
                  </text>
                )}
                <text
                  className={i < bars.length - 1 ? 'token' : undefined}
                  x={middle}
                  y={HEIGHT - 6}
                  textAnchor="middle"
                >
                  {label}
                </text>
              </g>
            );
          })}
          <path className="axis" d={`M0 ${base}H${width}`} />
        </svg>
      )}
      <p className="tiny faint">Every token but the right one gets the same {percentText(others)} %.</p>
    </figure>
  );
}

function FactorPicture({ tauMax, share }: { tauMax: number; share: number }) {
  const [ref, { width }] = useContentSize();
  const [left, top, base] = [26, 14, HEIGHT - 20];
  const at = (part: number) => left + part * (width - left);
  const y = (factor: number) => base - factor * (base - top);
  const steps = factorSteps(tauMax, share);
  const line = steps
    .map(({ factor, from, to }, i) => `${i === 0 ? 'M' : 'L'}${at(from)} ${y(factor)}H${at(to)}`)
    .join('');
  const roomy = ((width - left) * share) / tauMax >= 16;
  const end = at(share);
  return (
    <figure className="idea" ref={ref}>
      <figcaption className="between small">
        <span className="muted">
          Factor <i className="symbol">φ</i> of the teacher’s logits
        </span>
        <span className="tiny faint">{roomy ? 'figures on the steps are t' : 'over the stage'}</span>
      </figcaption>
      {width > left && (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`The factor rises in ${tauMax} equal steps from ${showNumber(1 / tauMax)} to 1 over the first ${percentText(share)} per cent of the stage; after that the student learns from the text alone.`}
        >
          <rect
            className="todo"
            x={end}
            y={top - 10}
            width={Math.max(0, width - end)}
            height={base - top + 10}
          />
          {[0, 0.5, 1].map((tick) => (
            <g key={tick}>
              <path className={tick === 0 ? 'axis' : 'grid'} d={`M${left} ${y(tick)}H${width}`} />
              <text x={left - 6} y={y(tick) + 4} textAnchor="end">
                {tick}
              </text>
            </g>
          ))}
          {share > 0 && <path className="factor" d={line} />}
          {roomy &&
            steps.map(({ t, factor, from, to }) => (
              <text key={t} x={(at(from) + at(to)) / 2} y={y(factor) - 4} textAnchor="middle">
                {t}
              </text>
            ))}
          {share < 1 && <path className="border" d={`M${end} ${top - 10}V${base}`} />}
          {width - end > 56 && (
            <text className="value" x={end + 6} y={top + 12}>
              text only
            </text>
          )}
          <text x={left} y={HEIGHT - 5}>
            0
          </text>
          <text x={width} y={HEIGHT - 5} textAnchor="end">
            end of the stage
          </text>
        </svg>
      )}
    </figure>
  );
}
