import { Button, SegmentedControl, Slider, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import { reportOf, wasCancelled } from '../connection';
import { ErrorCard } from '../pieces/ErrorCard';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import type { ErrorReport } from '../../worker/protocol';

const NEW_TOKENS = 40;
const TOP_K = 40;

type Who = 'student' | 'teacher';

interface Written {
  who: Who;
  prompt: string;
  text: string;
}

/** Continues a prompt with the student, or with its teacher for comparison; tokens appear as they are made. */
export function Continue({ run }: { run: RunRecord }) {
  const connection = useStudio((state) => state.connection);
  const busyElsewhere = useStudio((state) => state.activeRunId !== null);
  const [who, setWho] = useState<Who>('student');
  const [prompt, setPrompt] = useState(run.recipe.evaluation.prompt || 'The people of this country');
  const [temperature, setTemperature] = useState(0.8);
  const [written, setWritten] = useState<Written | null>(null);
  const [error, setError] = useState<ErrorReport | null>(null);
  const [abort, setAbort] = useState<AbortController | null>(null);
  const count = useRef(0);
  const teacher = typeof run.recipe.teacher.model === 'string' ? run.recipe.teacher.model : null;

  const start = async () => {
    if (!connection) return;
    const controller = new AbortController();
    setAbort(controller);
    setError(null);
    setWritten({ who, prompt, text: '' });
    const model = who === 'teacher' && teacher !== null ? teacher : `run:${run.id}`;
    // Another seed each time, or the second try would say the same again.
    const seed = ++count.current;
    try {
      const answer = await connection.request(
        { type: 'generate', model, prompt, maxNewTokens: NEW_TOKENS, temperature, topK: TOP_K, seed },
        {
          signal: controller.signal,
          onEvent: (event) => {
            if (event.type !== 'token') return;
            setWritten((old) => old && { ...old, text: old.text + event.text });
          },
        },
      );
      setWritten({
        who,
        prompt,
        text: answer.text.startsWith(prompt) ? answer.text.slice(prompt.length) : answer.text,
      });
    } catch (thrown) {
      if (!wasCancelled(thrown)) setError(reportOf(thrown));
    } finally {
      setAbort(null);
    }
  };

  return (
    <section className="card" aria-label="Continue a prompt">
      <div className="between">
        <h2>Continue a prompt</h2>
        <SegmentedControl
          size="xs"
          aria-label="Who continues"
          value={who}
          onChange={(value) => setWho(value)}
          data={[
            { value: 'student', label: 'Student' },
            { value: 'teacher', label: 'Teacher', disabled: teacher === null },
          ]}
        />
      </div>
      <Textarea
        className="run-prompt"
        aria-label="Prompt"
        autosize
        minRows={1}
        maxRows={4}
        value={prompt}
        onChange={(event) => setPrompt(event.currentTarget.value)}
      />
      <div className="row small muted">
        Temperature
        <Slider
          className="grow"
          min={0}
          max={1.5}
          step={0.05}
          label={null}
          thumbLabel="Temperature"
          value={temperature}
          onChange={setTemperature}
        />
        <span className="run-tool-value">{temperature === 0 ? 'greedy' : temperature.toFixed(2)}</span>
        {abort ? (
          <Button size="xs" onClick={() => abort.abort()}>
            Stop
          </Button>
        ) : (
          <Button size="xs" disabled={busyElsewhere || prompt.trim() === ''} onClick={() => void start()}>
            Continue
          </Button>
        )}
      </div>
      {written && (
        <p className="run-written" aria-live="polite" aria-busy={abort !== null}>
          <span className="faint">{written.prompt}</span>
          <span className={written.who === 'teacher' ? 'teacher-ink' : ''}>{written.text}</span>
        </p>
      )}
      {error && <ErrorCard error={error} onClose={() => setError(null)} />}
    </section>
  );
}
