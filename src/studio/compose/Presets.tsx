import { Slider, Tooltip } from '@mantine/core';
import { useRef, type KeyboardEvent } from 'react';
import { STRATEGY_LABELS } from '../../model/selection';
import { STRATEGIES } from '../../recipe/recipe';
import type { ModelCard } from '../../worker/protocol';
import { Icon } from '../pieces/Icon';
import {
  choiceOf,
  keptLayers,
  presetState,
  servedKeep,
  withKeep,
  withLayers,
  withStrategy,
  type Choice,
} from '../selectionState';
import { useStudio } from '../store';

interface Option {
  choice: Choice;
  label: string;
  layers: readonly number[];
  tip: string;
  note: boolean;
  disabled: boolean;
}

/** n dots, the kept ones tall; a hairline with ticks when the dots would be too many. */
function Glyph({ layers, kept }: { layers: number; kept: readonly number[] }) {
  const width = 59;
  const step = Math.min(5, (width + 1) / layers);
  const dot = Math.max(1, step - 1);
  return (
    <svg className="glyph" viewBox={`0 0 ${width} 8`} width={width} height={8} aria-hidden="true">
      {Array.from({ length: layers }, (_, layer) =>
        kept.includes(layer) ? (
          <rect
            key={layer}
            className="on"
            x={layer * step}
            y={0}
            width={dot}
            height={8}
            rx={Math.min(1, dot / 2)}
          />
        ) : (
          <rect key={layer} x={layer * step} y={3} width={dot} height={2} rx={Math.min(1, dot / 2)} />
        ),
      )}
    </svg>
  );
}

/** All choices for this teacher and k; where two rules give one set, the tooltip says so. */
function optionsFor(layers: number, kept: readonly number[], choice: Choice, seed: number): Option[] {
  const named = (set: readonly number[], before: readonly Option[]) =>
    before.find((other) => other.layers.join() === set.join() && set.length > 0);
  const options: Option[] = [];
  for (const strategy of STRATEGIES) {
    const { label, rule } = STRATEGY_LABELS[strategy];
    const state = presetState(strategy, layers, kept.length, seed);
    // A rule that cannot serve this k is still pressable when it can serve another.
    const other = state.refusal ? servedKeep(strategy, layers, kept.length, kept.length, seed) : kept.length;
    const shown = other === kept.length ? state.layers : presetState(strategy, layers, other, seed).layers;
    const twin = named(shown, options);
    const tip = [
      state.refusal ?? rule,
      state.note,
      twin && `The same set as ${twin.label} here.`,
      strategy === 'random' && `Seed ${seed}.`,
    ];
    options.push({
      choice: strategy,
      label: strategy === 'uniform-2' ? 'Uniform-2' : label,
      layers: shown,
      tip: tip.filter(Boolean).join(' '),
      note: state.note !== undefined,
      disabled: state.refusal !== undefined,
    });
  }
  const byHand = choice === 'manual' ? kept : [];
  const tip = 'The set as it is now, to be changed by hand.';
  options.push({ choice: 'manual', label: 'Manual', layers: byHand, tip, note: false, disabled: false });
  return options;
}

/** The rules as a radio group, each with the set it would give. */
export function Presets({ teacher }: { teacher: ModelCard }) {
  const recipe = useStudio((state) => state.recipe);
  const edit = useStudio((state) => state.edit);
  const group = useRef<HTMLDivElement>(null);
  const kept = keptLayers(recipe, teacher);
  const choice = choiceOf(recipe);
  const options = optionsFor(teacher.config.nLayer, kept, choice, recipe.seed);

  const choose = (next: Choice) =>
    edit((old) => (next === 'manual' ? withLayers(old, kept) : withStrategy(old, next, kept.length)));
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const able = options.filter((option) => !option.disabled);
    const at = able.findIndex((option) => option.choice === choice);
    const next = able[(at + by + able.length) % able.length]!;
    choose(next.choice);
    group.current?.querySelector<HTMLElement>(`[data-choice="${next.choice}"]`)?.focus();
  };

  return (
    <div
      className="presets"
      role="radiogroup"
      aria-label="Rule for choosing layers"
      ref={group}
      onKeyDown={onKeyDown}
    >
      {options.map((option) => (
        <Tooltip key={option.choice} label={option.tip}>
          <button
            type="button"
            className="preset"
            role="radio"
            aria-checked={option.choice === choice}
            aria-disabled={option.disabled || undefined}
            data-choice={option.choice}
            tabIndex={option.choice === choice ? 0 : -1}
            onClick={() => !option.disabled && choose(option.choice)}
          >
            {option.label}
            {option.note && (
              <span className="preset-note">
                <Icon name="note" size={10} />
              </span>
            )}
            <Glyph layers={teacher.config.nLayer} kept={option.layers} />
          </button>
        </Tooltip>
      ))}
    </div>
  );
}

/** k, by the same rule. */
export function KeepSlider({ teacher }: { teacher: ModelCard }) {
  const recipe = useStudio((state) => state.recipe);
  const edit = useStudio((state) => state.edit);
  const k = keptLayers(recipe, teacher).length;
  const n = teacher.config.nLayer;
  return (
    <div className="keep-box">
      <div className="between">
        <span id="keep-label">Layers kept</span>
        <span>
          <b>{k}</b> <span className="faint">of {n}</span>
        </span>
      </div>
      <Slider
        min={1}
        max={n}
        value={k}
        label={null}
        thumbProps={{ 'aria-labelledby': 'keep-label', 'aria-valuetext': `${k} of ${n}` }}
        onChange={(value) => edit((old) => withKeep(old, teacher, value), 'keep')}
      />
    </div>
  );
}
