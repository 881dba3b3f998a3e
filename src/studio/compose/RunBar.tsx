import { Button, Tooltip } from '@mantine/core';
import { useShallow } from 'zustand/react/shallow';
import { useMethods } from '../compare/methodsStore';
import { useSweep } from '../compare/sweepStore';
import { useCompareView } from '../compare/view';
import { Icon } from '../pieces/Icon';
import { keptLayers } from '../selectionState';
import { useStudio, type StudioState } from '../store';
import { isTooLarge } from '../storeEstimate';
import { dataRefusal, taskKey } from '../storeTask';
import { FitBar } from './FitBar';
import { amountText, stageLines } from './trainingLine';

const pickCards = ({ stageTexts, taskCards, teacher, recipe }: StudioState) => ({
  ...{ stageTexts, taskCards, teacher, recipe },
});

/** Which layers are kept, what is trained how long, and on how much. */
function Summary() {
  const recipe = useStudio((state) => state.recipe);
  const text = useStudio((state) => state.text);
  const methods = useStudio((state) => state.methods);
  const teacher = useStudio((state) => state.teacher);
  const kept = teacher ? keptLayers(recipe, teacher).join(' ') : '';
  const cards = useStudio(useShallow(pickCards));
  const amount = amountText(
    recipe,
    (data) =>
      data === recipe.data ? text?.trainTokens : cards.stageTexts[taskKey(data, cards)]?.trainTokens,
    (data) => cards.taskCards[taskKey(data, cards)]?.train.rows,
  );
  const lines = stageLines(recipe, methods);
  return (
    <div className="summary small">
      {kept !== '' && (
        <p className="muted" title={`Layers ${kept}`}>
          Layers <span className="mono">{kept}</span>
        </p>
      )}
      <p title={lines.join(', then ')}>{lines.join(', then ')}</p>
      {amount && <p className="muted">{amount}</p>}
    </div>
  );
}

/** Why nothing can be started; null when it can. */
function refusal(state: StudioState): string | null {
  if (state.phase !== 'ready')
    return state.phase === 'gone' ? 'The worker has ended.' : 'The device is being opened.';
  if (!state.teacher) return 'No teacher is loaded.';
  if (state.teacher.tokenizer === 'none')
    return 'The teacher has no tokenizer, so no text can be read for it.';
  const data = dataRefusal(state);
  if (data) return data;
  if (state.activeRunId) return 'A run is in progress.';
  return null;
}

/** What Run will need and do, and the buttons that do it. */
export function RunBar() {
  const busy = useStudio(refusal);
  const tooLarge = useStudio(isTooLarge);
  const reason = busy ?? (tooLarge ? 'It does not fit: the ways out stand beside the bar.' : null);
  const first = useStudio((state) => state.runs.length === 0);
  const startRun = useStudio((state) => state.startRun);
  const running = useStudio((state) => state.activeRunId !== null);
  const go = useStudio((state) => state.go);
  const sweep = () => {
    useCompareView.getState().setSheet('runs');
    go('compare');
    void useSweep.getState().start();
  };
  const compareMethods = () => {
    useCompareView.getState().setSheet('runs');
    go('compare');
    useMethods.getState().setDialogOpen(true);
  };
  return (
    <div className="runbar" role="region" aria-label="Summary and start">
      <FitBar />
      <Summary />
      {first && !reason && (
        <p className="small muted first-hint">
          Everything is set: <b>Run</b> shows the first curve within seconds.
        </p>
      )}
      <div className="runbar-buttons">
        <Tooltip label="Zero-shot perplexity of every rule’s layer set, without training">
          <Button size="md" className="sweep" disabled={busy !== null} onClick={sweep}>
            Sweep sets
          </Button>
        </Tooltip>
        <Tooltip label="The same recipe with other methods and over several seeds">
          <Button size="md" className="sweep" disabled={busy !== null} onClick={compareMethods}>
            Compare methods
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
