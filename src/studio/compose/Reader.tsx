import { STRATEGY_LABELS } from '../../model/selection';
import { formatBytes, formatCompact } from '../charts/format';
import { choiceOf, presetState } from '../selectionState';
import { useStudio } from '../store';

const F32_BYTES = 4;

/** What is known of the layer under the pointer or the focus. */
export function LayerReader({
  layer,
  slot,
  parameters,
}: {
  layer: number;
  slot: number;
  parameters: number;
}) {
  return (
    <>
      <div className="between">
        <b className="mono">h.{layer}</b>
        <span className="pill">{slot < 0 ? 'left out' : `kept as slot ${slot}`}</span>
      </div>
      <dl>
        <dt>Parameters</dt>
        <dd>
          {formatCompact(parameters)}, {formatBytes(parameters * F32_BYTES)} f32
        </dd>
      </dl>
      <p className="faint tiny reader-keys">
        <kbd>Space</kbd> keep or leave out <kbd>Shift</kbd> click, a range
      </p>
    </>
  );
}

/** The selection as a whole: its rule, and where the set is not simply what the rule gives. */
export function SelectionReader({ kept, layers }: { kept: readonly number[]; layers: number }) {
  const recipe = useStudio((state) => state.recipe);
  const choice = choiceOf(recipe);
  const note = choice === 'manual' ? undefined : presetState(choice, layers, kept.length, recipe.seed).note;
  return (
    <>
      <div className="between">
        <b>{choice === 'manual' ? 'Chosen by hand' : STRATEGY_LABELS[choice].label}</b>
        <span className="pill">
          {kept.length} of {layers}
        </span>
      </div>
      <p className="mono reader-set">{kept.join(' ')}</p>
      <p className="muted">
        {choice === 'manual' ? 'Click a layer, or drag over several.' : STRATEGY_LABELS[choice].rule}
      </p>
      {note && <p className="faint tiny reader-note">{note}</p>}
    </>
  );
}
