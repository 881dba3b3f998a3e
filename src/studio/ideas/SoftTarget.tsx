/** What the teacher gives the student to learn at one token: its distribution at T, beside the student's own. */
import { Button, Select, Slider } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import type { NumberSetting } from '../../recipe/settings';
import type { Distribution } from '../../worker/protocol';
import { formatFigure } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { Explain } from '../pieces/Explain';
import { showNumber } from '../pieces/number';
import { useContentSize } from '../pieces/useContentSize';
import { useStudio } from '../store';
import { softTargetKey } from '../storeSoftTarget';
import { columnLabel, divergence, tokenBars, type TokenBar } from './softTarget';
import { percentText } from './targets';
import { TokenStrip } from './TokenStrip';

const HEIGHT = 110;
/** Below the axis: the token, and what is to be said of it. */
const FOOT = 30;
const BEFORE = 'before';

interface SoftTargetProps {
  spec: NumberSetting;
  /** The recipe's temperature. */
  temperature: number;
  onUse: ((temperature: number) => void) | null;
}

/** Asks for what is looked at whenever that changes and nothing else has the device. */
function useSoftTarget(): Distribution | null {
  const key = useStudio(softTargetKey);
  const ask = useStudio((state) => state.askSoftTarget);
  useEffect(() => void ask(), [key, ask]);
  return useStudio((state) => state.softTarget);
}

export function SoftTarget({ spec, temperature, onUse }: SoftTargetProps) {
  const distribution = useSoftTarget();
  const problem = useStudio((state) => state.softTargetProblem);
  const running = useStudio((state) => state.activeRunId !== null);
  const [tried, setTried] = useState<number | null>(null);
  const shown = tried ?? temperature;
  const use = () => {
    onUse?.(shown);
    setTried(null);
  };
  return (
    <figure className="idea soft-target" aria-label="Soft target">
      <Heading temperature={shown} distribution={distribution} />
      {distribution ? (
        <>
          <Passage distribution={distribution} />
          <Bars bars={tokenBars(distribution, shown)} temperature={shown} />
        </>
      ) : (
        <p className="soft-target-wait small faint">
          {problem?.message ?? (running ? 'Drawn when the run has ended.' : 'Asking both models …')}
        </p>
      )}
      <TryTemperature {...{ spec, temperature, shown, use, onTry: setTried, distribution }} />
    </figure>
  );
}

function Heading({ temperature, distribution }: { temperature: number; distribution: Distribution | null }) {
  const look = useStudio((state) => state.lookAt);
  const view = useStudio((state) => state.softTargetView);
  const runs = useStudio((state) => state.runs);
  const students = runs.filter((run) => run.result !== null);
  return (
    <figcaption>
      <span className="between soft-target-key tiny">
        <span className="idea-key">
          next token, %: <i className="before" /> teacher <i className="of-teacher" /> at T{' '}
          {showNumber(temperature)} <i className="of-student" /> student
        </span>
        <Button
          variant="subtle"
          size="compact-xs"
          disabled={!distribution}
          onClick={() => look({ passage: view.passage + 1 })}
        >
          Another text
        </Button>
      </span>
      {students.length > 0 && (
        <Select
          size="xs"
          aria-label="Student of the picture"
          data={[
            { value: BEFORE, label: 'student before training' },
            ...students.map(({ id, name }) => ({ value: id, label: `student of ${name}` })),
          ]}
          value={students.some(({ id }) => id === view.runId) ? view.runId : BEFORE}
          allowDeselect={false}
          onChange={(id) => look({ runId: id === BEFORE ? null : id })}
        />
      )}
    </figcaption>
  );
}

function Passage({ distribution }: { distribution: Distribution }) {
  const position = useStudio((state) => state.softTargetView.position);
  const look = useStudio((state) => state.lookAt);
  return (
    <TokenStrip
      label="Token to predict from those before it"
      tokens={distribution.passage}
      // At once; the bars follow when the models have answered.
      position={Math.max(1, Math.min(position, distribution.passage.length - 1))}
      onChange={(position) => look({ position })}
    />
  );
}

function Bars({ bars, temperature }: { bars: readonly TokenBar[]; temperature: number }) {
  const [ref, { width }] = useContentSize();
  const hatch = useId();
  const base = HEIGHT - FOOT;
  const top = 16;
  const largest = Math.max(...bars.flatMap(({ before, teacher, student }) => [before, teacher, student]));
  const pitch = width / bars.length;
  const bar = Math.min(14, pitch / 2 - 7);
  const high = (share: number) => ((base - top) * share) / largest;
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={barsInWords(bars, temperature)}>
          <pattern
            id={hatch}
            width="4"
            height="4"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect className="hatch" width="2" height="4" />
          </pattern>
          {bars.map((each, i) => {
            const middle = (i + 0.5) * pitch;
            const tallest = high(Math.max(each.before, each.teacher, each.student));
            return (
              <g key={each.id ?? 'rest'}>
                <rect
                  className="of-teacher"
                  x={middle - bar - 1}
                  y={base - high(each.teacher)}
                  width={bar}
                  height={high(each.teacher)}
                />
                <rect
                  className="before"
                  x={middle - bar - 4}
                  y={base - high(each.before)}
                  width={bar + 6}
                  height={high(each.before)}
                />
                <rect
                  className="of-student"
                  x={middle + 5}
                  y={base - high(each.student)}
                  width={bar}
                  height={high(each.student)}
                  fill={`url(#${hatch})`}
                />
                <text className="value" x={middle} y={base - tallest - 5} textAnchor="middle">
                  {shortPercent(each.teacher)}
                </text>
                <text
                  className={each.id === undefined ? undefined : each.gold ? 'token gold' : 'token'}
                  x={middle}
                  y={base + 14}
                  textAnchor="middle"
                >
                  {each.id === undefined ? each.label : columnLabel(each.label)}
                </text>
                {each.gold && (
                  <text className="value" x={middle} y={base + 26} textAnchor="middle">
                    is next
                  </text>
                )}
              </g>
            );
          })}
          <path className="axis" d={`M0 ${base}H${width}`} />
        </svg>
      )}
    </div>
  );
}

/** `41`, `8.3`, `<0.1`: of a hundred, short enough to stand above a bar. */
function shortPercent(share: number): string {
  const percent = 100 * share;
  if (percent >= 10) return percent.toFixed(0);
  return percent >= 0.1 ? percent.toFixed(1) : percent === 0 ? '0' : '<0.1';
}

function barsInWords(bars: readonly TokenBar[], temperature: number): string {
  const each = bars.map(
    ({ label, gold, before, teacher, student }) =>
      `${label.trim() || 'blank'}${gold ? ', the true next token' : ''}: teacher ${percentText(before)} at T 1, ${percentText(teacher)} at T ${showNumber(temperature)}, student ${percentText(student)}`,
  );
  return `In per cent. ${each.join('; ')}.`;
}

interface TryProps {
  spec: NumberSetting;
  temperature: number;
  shown: number;
  distribution: Distribution | null;
  onTry: (temperature: number) => void;
  use: () => void;
}

function TryTemperature({ spec, temperature, shown, distribution, onTry, use }: TryProps) {
  const kl = distribution && divergence(distribution.teacher, distribution.student, shown);
  return (
    <div className="soft-target-try">
      <span className="small">
        Try <i className="symbol">T</i>
      </span>
      <Slider
        min={spec.min}
        max={spec.max}
        step={spec.step}
        value={shown}
        label={null}
        thumbLabel="Temperature of the picture"
        onChange={onTry}
      />
      <b className="small">{showNumber(shown)}</b>
      {shown === temperature ? (
        <span className="tiny faint">as in the recipe</span>
      ) : (
        <Button size="compact-xs" onClick={use}>
          <Icon name="check" size={12} />
          &nbsp;Use T {showNumber(shown)}
        </Button>
      )}
      <p className="tiny muted soft-target-kl">
        <Explain
          label="KL at this token"
          value={kl === null ? undefined : formatFigure(kl)}
          formula="KL(p_t ‖ p_s) = Σ p_t ln(p_t / p_s), p = softmax(z / T)"
          facts={[['Unit', 'nats, over the whole vocabulary']]}
        >
          How far the student’s distribution is from the teacher’s. T² beside it keeps the gradient the same
          size as T changes.
        </Explain>{' '}
        <b>{kl === null ? '–' : formatFigure(kl)}</b> · T² KL{' '}
        <b>{kl === null ? '–' : formatFigure(shown ** 2 * kl)}</b>
      </p>
    </div>
  );
}
