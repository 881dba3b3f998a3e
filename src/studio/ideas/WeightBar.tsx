import { ActionIcon, Tooltip } from '@mantine/core';
import { termStyle, colourOf } from '../charts/styles';
import { sentence } from '../pieces/ErrorCard';
import { Explain } from '../pieces/Explain';
import { Formula } from '../pieces/Formula';
import { Icon } from '../pieces/Icon';
import { showNumber } from '../pieces/number';
import { NumberField } from '../pieces/NumberField';
import { movedWeights, type WeightPart } from './weights';
import './weights.css';

interface WeightBarProps {
  parts: readonly WeightPart[];
  /** Loss terms of the method in charting order: their names and colours. */
  terms: readonly { id: string; label: string }[];
  onChange: (settings: Record<string, number>) => void;
  onReset: () => void;
}

const shown = (value: number) => Number(value.toFixed(2));

/** Weights that add up to 1: one bar of parts, and a field each; moving one rescales the others. */
export function WeightBar({ parts, terms, onChange, onReset }: WeightBarProps) {
  const sum = parts.reduce((total, { value }) => total + value, 0);
  const changed = parts.some(({ spec, value }) => spec && value !== spec.default);
  const specs = parts.flatMap(({ spec }) => (spec ? [spec] : []));
  const words = parts.map((part) => `${nameOf(part, terms)} ${shown(part.value)}`).join(', ');
  return (
    <div className={changed ? 'weights changed' : 'weights'} role="group" aria-label="Weights of the loss">
      <div className="between">
        <span className="setting-label">
          {changed && <span className="changed-mark" role="img" aria-label="Changed from the default: " />}
          <Explain label="Weights" facts={specs.map(({ label, source }) => [label, source] as const)}>
            {specs.map(({ label, hint }) => `${label}: ${sentence(hint)}`).join(' ')}
          </Explain>
        </span>
        {changed ? (
          <Tooltip label={`Back to ${specs.map((spec) => shown(spec.default)).join(', ')}`}>
            <ActionIcon variant="subtle" size={24} aria-label="Reset the weights" onClick={onReset}>
              <Icon name="reset" size={14} />
            </ActionIcon>
          </Tooltip>
        ) : (
          <span className="tiny faint">
            {Math.abs(sum - 1) < 0.005 ? 'add up to 1' : `add up to ${showNumber(shown(sum))}`}
          </span>
        )}
      </div>
      <div className="weight-bar" role="img" aria-label={`Weights: ${words}`}>
        {parts.map((part, i) => (
          <i
            key={part.term}
            className={`weight-${i + 1}`}
            style={{ flexGrow: part.value, color: colourOf(styleOf(part, terms)) }}
          />
        ))}
      </div>
      <div className="weight-fields">
        {parts.map((part, i) => (
          <div key={part.term}>
            <i className={`weight-dot weight-${i + 1}`} style={{ color: colourOf(styleOf(part, terms)) }} />
            <span className="small">
              {nameOf(part, terms)}{' '}
              {part.spec?.symbol && (
                <i className="symbol">
                  <Formula text={part.spec.symbol} />
                </i>
              )}
            </span>
            <NumberField
              label={part.spec?.label ?? `Weight of ${nameOf(part, terms)}`}
              hideLabel
              value={shown(part.value)}
              min={0}
              max={1}
              step={0.05}
              onChange={(value) => onChange(movedWeights(parts, i, value))}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

type Terms = readonly { id: string; label: string }[];

const indexOf = ({ term }: WeightPart, terms: Terms) =>
  Math.max(
    0,
    terms.findIndex(({ id }) => id === term),
  );
const styleOf = (part: WeightPart, terms: Terms) => termStyle(indexOf(part, terms));

/** `hard` of `hard, CE`. */
const nameOf = (part: WeightPart, terms: Terms) =>
  terms[indexOf(part, terms)]?.label.split(',')[0] ?? part.term;
