import { useId } from 'react';
import type { ChangedTextReport } from '../../worker/protocol';
import { formatFigure } from '../charts/format';
import { useContentSize } from '../pieces/useContentSize';
import { alignedTokens, changeWords } from './changed';
import { IdeaChart } from './IdeaChart';
import { roundsOf, roundWords, type Round, type RoundSettings } from './rounds';
import { mateChart } from './runCharts';
import type { IdeaRun } from './useIdeaRun';

const BAR = 12;
/** Tokens of a card's two lines. */
const SHOWN_TOKENS = 12;
/** A stage whose steps nobody has counted yet is drawn as three rounds. */
const SKETCHED_ROUNDS = 3;

interface MatePictureProps {
  settings: RoundSettings;
  /** Of the stage, where they are known. */
  steps: number | null;
  now: IdeaRun | null;
}

/** Whose turn it is, what became of a text, and how far apart the models are on both. */
export function MatePicture({ settings, steps, now }: MatePictureProps) {
  const cycle = settings.generatorSteps + settings.studentSteps;
  const total = now?.steps ?? steps ?? settings.warmupSteps + SKETCHED_ROUNDS * cycle;
  const text = now?.run.texts.findLast(({ stage }) => stage === now.stage);
  return (
    <>
      <figure className="idea">
        <Rounds settings={settings} steps={total} done={now?.done ?? null} />
        {!now && (
          <p className="tiny faint">
            A run shows here what becomes of a text, and how student and teacher come apart and together on
            it.
          </p>
        )}
      </figure>
      {text && <ChangedText text={text} />}
      {now && now.done > 0 && (
        <figure className="idea">
          <IdeaChart spec={mateChart(now)} height={100} />
        </figure>
      )}
    </>
  );
}

function Rounds({ settings, steps, done }: { settings: RoundSettings; steps: number; done: number | null }) {
  const [ref, { width }] = useContentSize();
  const hatch = useId();
  const rounds = roundsOf(steps, settings, done ?? 0);
  const first = rounds[0]?.start ?? 0;
  const last = rounds.at(-1)?.end ?? 1;
  const at = (step: number) => ((step - first) / (last - first)) * width;
  const { generatorSteps, studentSteps } = settings;
  const words = done === null ? '' : roundWords(steps, settings, done);
  return (
    <div ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={BAR + 2}
          role="img"
          aria-label={`${generatorSteps} steps of the generator and ${studentSteps} of the student in turn${words && `; now ${words}`}`}
        >
          <pattern
            id={hatch}
            width="4"
            height="4"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect className="ink" width="1.5" height="4" />
          </pattern>
          {rounds.map((round) => (
            <Turn key={round.start} {...{ round, at, done: done ?? 0, hatch }} />
          ))}
        </svg>
      )}
      <p className="between tiny muted">
        <span>
          hatched: generator, {generatorSteps} at a time · student {studentSteps}
        </span>
        <span>{words}</span>
      </p>
    </div>
  );
}

interface TurnProps {
  round: Round;
  at: (step: number) => number;
  done: number;
  hatch: string;
}

function Turn({ round, at, done, hatch }: TurnProps) {
  const [from, to] = [at(round.start), at(round.end)];
  // A hairline between two turns, and never less than can be seen.
  const wide = Math.max(1.5, to - from - 1.5);
  const reached = Math.max(0, Math.min(1, (done - round.start) / (round.end - round.start)));
  if (round.kind !== 'student')
    return (
      <rect
        className={round.kind === 'generator' ? 'turn generator' : 'turn warmup'}
        x={from}
        y={1}
        width={wide}
        height={BAR}
        rx={1.5}
        fill={`url(#${hatch})`}
      />
    );
  return (
    <>
      <rect className="turn" x={from} y={1} width={wide} height={BAR} rx={1.5} />
      <rect className="turn done" x={from} y={1} width={wide * reached} height={BAR} rx={1.5} />
    </>
  );
}

/** Two lines, token under token. */
export function ChangedText({ text, most = SHOWN_TOKENS }: { text: ChangedTextReport; most?: number }) {
  const tokens = alignedTokens(text, most);
  const { divergenceBefore, divergenceAfter } = text;
  return (
    <figure className="idea">
      <figcaption className="between small">
        <span className="muted">
          Text <i className="symbol">x</i> above, rewritten <i className="symbol">x′</i> below
        </span>
        <span className="tiny faint">
          KL here {formatFigure(divergenceBefore)} → {formatFigure(divergenceAfter)}, step{' '}
          {text.step.toLocaleString('en-US')}
        </span>
      </figcaption>
      <div className="changed-text" role="img" aria-label={changeWords(tokens)}>
        {tokens.map(({ before, after, replaced }, i) => (
          <span key={i} className={replaced ? 'pair replaced' : 'pair'}>
            <s>{before}</s>
            <u>{after}</u>
          </span>
        ))}
      </div>
    </figure>
  );
}
