import { Button, Tooltip } from '@mantine/core';
import { formatCount } from '../charts/format';
import { useSweep } from '../compare/sweepStore';
import { Icon } from '../pieces/Icon';
import { showNumber } from '../pieces/number';
import { keptLayers } from '../selectionState';
import { useStudio, type StudioState } from '../store';
import { stageLines, stageTokens } from './trainingLine';

function Summary() {
  const recipe = useStudio((state) => state.recipe);
  const teacher = useStudio((state) => state.teacher);
  const text = useStudio((state) => state.text);
  const methods = useStudio((state) => state.methods);
  if (!teacher) return <p className="muted">Waiting for the teacher.</p>;
  const kept = keptLayers(recipe, teacher);
  const tokens = recipe.stages.reduce<number | null>((sum, stage) => {
    const own = stageTokens(recipe, stage, text?.trainTokens ?? null);
    return sum === null || own === null ? null : sum + own;
  }, 0);
  const share = tokens !== null && text ? tokens / text.trainTokens : null;
  return (
    <ol className="summary">
      <li>
        <span className="tiny faint">Keep</span>
        <span className="summary-value">
          {kept.length} of {teacher.config.nLayer} layers <span className="mono muted">{kept.join(' ')}</span>
        </span>
      </li>
      {stageLines(recipe, methods).map((line, i) => (
        <li key={i}>
          <span className="tiny faint">{i === 0 ? 'Then' : 'and then'}</span>
          <span className="summary-value">{line}</span>
        </li>
      ))}
      {tokens !== null && (
        <li>
          <span className="tiny faint">On</span>
          <span className="summary-value">
            {formatCount(tokens)} tokens
            {share !== null && (
              <span className="muted">, {showNumber(Number(share.toPrecision(2)))} times the text</span>
            )}
          </span>
        </li>
      )}
    </ol>
  );
}

/** Why Run cannot be pressed; null when it can. */
function refusal(state: StudioState): string | null {
  if (state.phase !== 'ready')
    return state.phase === 'gone' ? 'The worker has ended.' : 'The device is being opened.';
  if (!state.teacher) return 'No teacher is loaded.';
  if (state.teacher.tokenizer === 'none')
    return 'The teacher has no tokenizer, so no text can be read for it.';
  if (!state.text) return 'No text is loaded.';
  if (state.activeRunId) return 'A run is in progress.';
  return null;
}

/** What Run will do, and the buttons that do it. */
export function RunBar() {
  const reason = useStudio(refusal);
  const first = useStudio((state) => state.runs.length === 0);
  const startRun = useStudio((state) => state.startRun);
  const running = useStudio((state) => state.activeRunId !== null);
  const go = useStudio((state) => state.go);
  const sweep = () => {
    go('compare');
    void useSweep.getState().start();
  };
  return (
    <div className="runbar" role="region" aria-label="Summary and start">
      <Summary />
      {first && !reason && (
        <p className="small muted first-hint">
          Everything is set: <b>Run</b> shows the first curve within seconds.
        </p>
      )}
      <div className="runbar-buttons">
        <Tooltip label="Zero-shot perplexity of every rule’s layer set, without training">
          <Button size="md" className="sweep" disabled={reason !== null} onClick={sweep}>
            Sweep sets
          </Button>
        </Tooltip>
        {running ? (
          <Button size="md" onClick={() => go('run')} leftSection={<Icon name="run" />}>
            Show the run
          </Button>
        ) : (
          <Tooltip label={reason} disabled={reason === null}>
            <Button
              size="md"
              variant="filled"
              disabled={reason !== null}
              leftSection={<Icon name="play" solid />}
              rightSection={<kbd>Ctrl ↵</kbd>}
              onClick={() => void startRun()}
            >
              Run
            </Button>
          </Tooltip>
        )}
      </div>
    </div>
  );
}
