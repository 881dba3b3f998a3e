import { Button } from '@mantine/core';
import { useSyncExternalStore, type ReactNode } from 'react';
import { formatCompact, formatCount, formatDuration, formatFigure } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { seriesBook } from '../series';
import { setName } from '../stageWords';
import { useStudio } from '../store';
import { isActive, type RunRecord } from '../storeRuns';
import { metricText, metricWords } from '../task/metrics';
import { rowsSeen } from '../task/runLine';
import { ExplainPerplexity } from './ExplainPerplexity';
import { learns } from './pipeline';
import { bestScore, latestScores, metricsOf } from './scores';
import { bestOf, headlineOf, progressOf, type Progress } from './progress';

/** Stage, step, time left and the figures of a run, with the buttons that steer it. */
export function StatusCard({ run }: { run: RunRecord }) {
  const methods = useStudio((state) => state.methods);
  useSyncExternalStore(seriesBook.subscribe, seriesBook.version);
  const progress = progressOf(run, seriesBook.get(run.id));
  const { verb, rest, next } = headlineOf(run, progress, methods);
  return (
    <section className="card run-status" aria-label="Progress">
      <div>
        <div className="between run-headline">
          <p>
            <b>{verb}</b> <span className="muted">{rest}</span>
            {run.detail && <span className="faint"> · {run.detail}</span>}
          </p>
          <p className="small faint">{next || run.name}</p>
        </div>
        <ProgressBar run={run} progress={progress} />
      </div>
      <Controls run={run} />
      <Figures run={run} progress={progress} />
      <p className="visually-hidden" role="status">
        {verb}
      </p>
    </section>
  );
}

function ProgressBar({ run, progress }: { run: RunRecord; progress: Progress }) {
  return (
    <div
      className="run-progress"
      role="progressbar"
      aria-label="Steps done"
      aria-valuemin={0}
      aria-valuemax={Math.max(1, progress.totalSteps)}
      aria-valuenow={progress.step}
    >
      {(run.stageSteps.length > 0 ? run.stageSteps : [1]).map((steps, i) => (
        <span key={i} style={{ flex: steps }}>
          <i style={{ width: `${(100 * (progress.stageDone[i] ?? 0)) / steps}%` }} />
        </span>
      ))}
    </div>
  );
}

function Controls({ run }: { run: RunRecord }) {
  const control = useStudio((state) => state.control);
  const askToStop = useStudio((state) => state.askToStop);
  const go = useStudio((state) => state.go);
  if (!isActive(run)) {
    return (
      <div className="row">
        <Button onClick={() => go('compare')}>
          <Icon name="compare" />
          &nbsp;Compare
        </Button>
        <Button onClick={() => go('compose')}>Set up another run</Button>
      </div>
    );
  }
  const paused = run.state === 'paused';
  const preparing = run.state === 'preparing' || run.state === 'stopping';
  return (
    <div className="row run-controls">
      <Button
        disabled={preparing}
        onClick={() => void control(paused ? 'resume' : 'pause')}
        aria-keyshortcuts="p"
      >
        <Icon name={paused ? 'play' : 'pause'} />
        &nbsp;{paused ? 'Go on' : 'Pause'}&nbsp;<kbd>P</kbd>
      </Button>
      <Button disabled={!paused} onClick={() => void control('stepOnce')} aria-keyshortcuts=".">
        <Icon name="step" />
        &nbsp;Step
      </Button>
      <Button disabled={preparing} onClick={() => void control('evaluateNow')} aria-keyshortcuts="e">
        <Icon name="evaluate" />
        &nbsp;Evaluate now
      </Button>
      <Button disabled={run.state === 'stopping'} onClick={() => askToStop()} aria-keyshortcuts="Shift+S">
        <Icon name="stop" />
        &nbsp;Stop
      </Button>
    </div>
  );
}

/** Share of the training text seen, where the run's text is the loaded one. */
function useEpochs(run: RunRecord, tokens: number): string {
  const text = useStudio((state) => state.text);
  const { train } = run.recipe.data;
  if (run.recipe.data.kind !== 'lm') return 'tokens';
  // Stages with data of their own see other texts.
  if (run.recipe.stages.some(({ data }) => data)) return 'tokens';
  if (!text || typeof train !== 'string' || train !== text.ref || text.trainTokens === 0) return 'tokens';
  return `tokens, ${(tokens / text.trainTokens).toFixed(2)} epochs`;
}

interface Best {
  label: ReactNode;
  text: string;
  step: number;
}

/** The best measurements so far: of the run's first text, and of its latest task by its own metric. */
function bestFigures(run: RunRecord): Best[] {
  const found: Best[] = [];
  const best = bestOf(run.evals);
  if (best) {
    const on = setName(best.data);
    const label = <ExplainPerplexity label="Best validation perplexity" report={best} on={on} />;
    found.push({ label, text: formatFigure(best.perplexity), step: best.step });
  }
  const scores = latestScores(run);
  const [metric] = metricsOf({ scores });
  const score = metric === undefined ? undefined : bestScore(scores, metric);
  if (metric === undefined || !score) return found;
  const label = `${metricWords(metric).label}, best so far`;
  return [...found, { label, text: metricText(metric, score.metrics[metric]!), step: score.step }];
}

/** `before training`, `at step 40` */
const stepText = (step: number) => (step === 0 ? 'before training' : `at step ${formatCount(step)}`);

function Figures({ run, progress }: { run: RunRecord; progress: Progress }) {
  const bests = bestFigures(run);
  const epochs = useEpochs(run, progress.tokens);
  const speed = progress.tokensPerSecond;
  return (
    <dl className="run-figures">
      {bests.length === 0 && (
        <div>
          <dt>Best so far</dt>
          <dd>–</dd>
        </div>
      )}
      {bests.map(({ label, text, step }, i) => (
        <div key={i}>
          <dt>{label}</dt>
          <dd>
            {text} <small>{stepText(step)}</small>
          </dd>
        </div>
      ))}
      <div>
        <dt>Speed</dt>
        <dd>
          {speed === null ? '–' : formatCount(speed)} <small>tokens/s</small>
        </dd>
      </div>
      <div>
        <dt>Seen</dt>
        {!learns(run, 'lm') ? (
          <dd>
            {formatCompact(rowsSeen(run.recipe.stages, progress.stageDone))} <small>rows</small>
          </dd>
        ) : (
          <dd>
            {formatCompact(progress.tokens)} <small>{epochs}</small>
          </dd>
        )}
      </div>
      <div>
        <dt>{isActive(run) ? 'Running for' : 'Took'}</dt>
        <dd>{formatDuration(progress.runningMs)}</dd>
      </div>
      {isActive(run) && (
        <div>
          <dt>Left</dt>
          <dd>{progress.leftMs === null ? '–' : `about ${formatDuration(progress.leftMs)}`}</dd>
        </div>
      )}
    </dl>
  );
}
