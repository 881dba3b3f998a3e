import { formatCount, formatFigure } from '../charts/format';
import { isActive, type RunRecord } from '../storeRuns';
import { bestOf } from './progress';
import type { Sample } from '../../worker/protocol';

/** The next step at which the student writes again, or null. */
function nextSample(run: RunRecord): number | null {
  const { every, prompt } = run.recipe.evaluation;
  const last = run.samples.at(-1)?.step ?? 0;
  if (!isActive(run) || every === 0 || prompt === '') return null;
  const next = (Math.floor(last / every) + 1) * every;
  return next <= run.totalSteps ? next : null;
}

function noteOf(run: RunRecord, step: number): string {
  if (step === 0) return 'before training';
  return bestOf(run.evals)?.step === step ? 'best so far' : '';
}

/** What the student makes of one prompt, at every evaluation; the newest first, where it is seen. */
export function Samples({ run }: { run: RunRecord }) {
  const { prompt } = run.recipe.evaluation;
  const next = nextSample(run);
  return (
    <section className="card run-samples" aria-label="What it writes">
      <h2>What it writes</h2>
      {prompt === '' ? (
        <p className="muted small">
          The recipe has no prompt to continue. Give it one in Compose, under evaluation, to read what the
          student writes while it learns.
        </p>
      ) : (
        <p className="small muted">“{prompt}”</p>
      )}
      <ol>
        {run.samples.toReversed().map((sample, i) => (
          <SampleItem key={run.samples.length - i} run={run} sample={sample} />
        ))}
      </ol>
      {next !== null && (
        <p className="small faint run-samples-next">Next sample at step {formatCount(next)}.</p>
      )}
    </section>
  );
}

function SampleItem({ run, sample }: { run: RunRecord; sample: Sample }) {
  const evaluation = run.evals.find((one) => one.step === sample.step);
  const continuation = sample.text.startsWith(sample.prompt)
    ? sample.text.slice(sample.prompt.length)
    : sample.text;
  const lastWord = sample.prompt.trim().split(/\s+/).at(-1) ?? '';
  return (
    <li className="run-sample">
      <div className="between small">
        <span>
          <b>Step {formatCount(sample.step)}</b> <span className="faint">{noteOf(run, sample.step)}</span>
        </span>
        {evaluation && <span className="faint">perplexity {formatFigure(evaluation.perplexity)}</span>}
      </div>
      <p>
        <span className="faint">… {lastWord}</span>
        {continuation}
      </p>
    </li>
  );
}
