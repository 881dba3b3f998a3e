import { useState } from 'react';
import { flopsPerToken, parameterCount } from '../../model/config';
import type { ModelCard, PerplexityReport } from '../../worker/protocol';
import { formatBytes, formatCompact, formatCount, formatFigure } from '../charts/format';
import { measurementKey } from '../measure';
import { sentence } from '../pieces/ErrorCard';
import { Explain } from '../pieces/Explain';
import { ExplainPerplexity, MEASURED_ON } from '../run/ExplainPerplexity';
import { keptLayers } from '../selectionState';
import { useStudio } from '../store';

const F32_BYTES = 4;
const F16_BYTES = 2;

/** `81.9 M` as a figure and its unit. */
function Figure({ text }: { text: string }) {
  const [value, ...unit] = text.split(' ');
  return (
    <dd className="big">
      {value} <small>{unit.join(' ')}</small>
    </dd>
  );
}

/** Before any training: measured in the worker when the selection rests; the old value stays, grey, until then. */
function ZeroShot({ teacher, layers }: { teacher: ModelCard; layers: readonly number[] }) {
  const measurements = useStudio((state) => state.measurements);
  const problem = useStudio((state) => state.problems.measure);
  const running = useStudio((state) => state.activeRunId !== null);
  const whole = Array.from({ length: teacher.config.nLayer }, (_, layer) => layer);
  const report = measurements[measurementKey(teacher.ref, layers)];
  const reference = measurements[measurementKey(teacher.ref, whole)];
  const [last, setLast] = useState<PerplexityReport | undefined>();
  if (report && report !== last) setLast(report);
  const shown = report ?? last;
  const waiting = running ? 'after the run' : 'measuring …';
  const teacherText = reference ? ` · teacher ${formatFigure(reference.perplexity)}` : '';
  return (
    <div aria-busy={!report}>
      <dt>
        <ExplainPerplexity label="Zero-shot perplexity" report={report ?? null} on={MEASURED_ON}>
          How many tokens the student is, on average, choosing between, before any training.
          {reference && ` The teacher has ${formatFigure(reference.perplexity)} on the same text.`}
        </ExplainPerplexity>
      </dt>
      <dd className={report ? 'big' : 'big stale'}>{shown ? formatFigure(shown.perplexity) : '–'}</dd>
      {problem ? (
        <dd className="sub problem" title={problem.hint}>
          {sentence(problem.message)}
        </dd>
      ) : (
        <dd className="sub">{report ? `${formatCount(report.tokens)} tokens${teacherText}` : waiting}</dd>
      )}
    </div>
  );
}

/** What the student costs, beside the teacher. */
export function Facts({ teacher }: { teacher: ModelCard }) {
  const recipe = useStudio((state) => state.recipe);
  const layers = keptLayers(recipe, teacher);
  const { config } = teacher;
  const student = { ...config, nLayer: layers.length };
  const parameters = parameterCount(student);
  const all = parameterCount(config);
  const share = (100 * parameters) / all;
  const flops = flopsPerToken(student);
  return (
    <dl className="facts">
      <div>
        <dt>
          <Explain
            label="Parameters"
            value={formatCount(parameters)}
            facts={[
              ['Per layer', formatCount(all - parameterCount({ ...config, nLayer: config.nLayer - 1 }))],
              ['Embeddings', formatCount((config.vocabSize + config.nPositions) * config.nEmbd)],
            ]}
          >
            Kept layers, embeddings and the final norm; the output head is the embedding and counts once.
          </Explain>
        </dt>
        <Figure text={formatCompact(parameters)} />
        <dd className="sub">teacher {formatCompact(all)}</dd>
      </div>
      <div>
        <dt>
          <Explain label="Size" value={formatBytes(parameters * F32_BYTES)}>
            Parameters times 4 bytes in f32, 2 bytes in f16 and bf16.
          </Explain>
        </dt>
        <Figure text={`${formatBytes(parameters * F32_BYTES)} f32`} />
        <dd className="sub">
          {formatBytes(parameters * F16_BYTES)} f16 · teacher {formatBytes(all * F32_BYTES)}
        </dd>
      </div>
      <div>
        <dt>
          <Explain
            label="FLOPs per token"
            value={formatCount(flops)}
            formula={<i>2 (L (4C² + 2CI) + VC)</i>}
            facts={[['Source', 'arXiv:2001.08361, section 2.1']]}
          >
            Multiplications and additions of one forward pass; attention scores, norms and biases are left
            out.
          </Explain>
        </dt>
        <Figure text={formatCompact(flops)} />
        <dd className="sub">teacher {formatCompact(flopsPerToken(config))}</dd>
      </div>
      <div>
        <dt>
          <Explain label="Share of teacher" value={`${share.toFixed(1)} %`}>
            The student’s parameters over the teacher’s.
          </Explain>
        </dt>
        <Figure text={`${share.toFixed(1)} %`} />
        <dd className="share">
          <i style={{ width: `${share}%` }} />
        </dd>
      </div>
      <ZeroShot key={teacher.ref} teacher={teacher} layers={layers} />
    </dl>
  );
}
