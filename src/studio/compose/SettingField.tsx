import { ActionIcon, SegmentedControl, Select, Slider, Tooltip } from '@mantine/core';
import { useId } from 'react';
import type { ChoiceSetting, NumberSetting, SettingSpec, SettingValue } from '../../recipe/settings';
import { sentence } from '../pieces/ErrorCard';
import { Explain } from '../pieces/Explain';
import { Icon } from '../pieces/Icon';
import { showNumber } from '../pieces/number';
import { NumberField } from '../pieces/NumberField';
import { Formula } from '../pieces/Formula';

/** So many are shown side by side. */
const FEW_CHOICES = 2;

interface FieldProps<S> {
  spec: S;
  value: SettingValue;
  labelId: string;
  onChange: (value: SettingValue) => void;
}

function NumberControl({ spec, value, labelId, onChange }: FieldProps<NumberSetting>) {
  const now = Number(value);
  const share = (100 * (spec.default - spec.min)) / (spec.max - spec.min);
  return (
    <>
      <div className="setting-slider">
        <Slider
          min={spec.min}
          max={spec.max}
          step={spec.step}
          value={now}
          label={null}
          thumbProps={{ 'aria-labelledby': labelId }}
          onChange={onChange}
        />
        <i
          className="default-mark"
          style={{ left: `${share}%` }}
          title={`Default ${showNumber(spec.default)}`}
        />
      </div>
      <NumberField
        label={spec.label}
        hideLabel
        value={now}
        min={spec.min}
        max={spec.max}
        step={spec.step}
        integer={spec.integer}
        onChange={onChange}
      />
    </>
  );
}

function ChoiceControl({ spec, value, labelId, onChange }: FieldProps<ChoiceSetting>) {
  if (spec.choices.length <= FEW_CHOICES)
    return (
      <SegmentedControl
        size="xs"
        aria-labelledby={labelId}
        data={spec.choices.map((choice) => ({ value: choice.value, label: choice.label }))}
        value={String(value)}
        onChange={onChange}
      />
    );
  return (
    <Select
      className="setting-choice"
      size="xs"
      aria-labelledby={labelId}
      data={spec.choices.map((choice) => ({ value: choice.value, label: choice.label }))}
      value={String(value)}
      allowDeselect={false}
      onChange={(next) => next !== null && onChange(next)}
    />
  );
}

export interface SettingFieldProps {
  spec: SettingSpec;
  value: SettingValue;
  onChange: (value: SettingValue) => void;
  onReset: () => void;
}

function defaultText(spec: SettingSpec): string {
  if (spec.kind === 'number') return showNumber(spec.default);
  return spec.choices.find((choice) => choice.value === spec.default)?.label ?? spec.default;
}

/** One setting of a method: name, symbol, control, way back, and what it does. A dot marks a changed one. */
export function SettingField({ spec, value, onChange, onReset }: SettingFieldProps) {
  const labelId = useId();
  const changed = value !== spec.default;
  const control = { value, labelId, onChange };
  const few = spec.kind === 'choice' && spec.choices.length <= FEW_CHOICES;
  const className = ['setting', changed && 'changed', few && 'choice'].filter(Boolean).join(' ');
  return (
    <div className={className}>
      <span className="setting-label">
        {changed && <span className="changed-mark" role="img" aria-label="Changed from the default: " />}
        <span id={labelId}>
          <Explain
            label={spec.label}
            facts={[
              ['Default', defaultText(spec)],
              ['From', spec.source],
            ]}
          >
            {sentence(spec.hint)}
          </Explain>{' '}
          {spec.symbol && (
            <i className="symbol">
              <Formula text={spec.symbol} />
            </i>
          )}
        </span>
      </span>
      {spec.kind === 'number' ? (
        <NumberControl spec={spec} {...control} />
      ) : (
        <ChoiceControl spec={spec} {...control} />
      )}
      {changed ? (
        <Tooltip label={`Back to ${defaultText(spec)}`}>
          <ActionIcon
            variant="subtle"
            size={24}
            aria-label={`Reset ${spec.label} to ${defaultText(spec)}`}
            onClick={onReset}
          >
            <Icon name="reset" size={14} />
          </ActionIcon>
        </Tooltip>
      ) : (
        <span />
      )}
      <p className="setting-hint tiny faint">
        Default {defaultText(spec)}. {sentence(spec.hint)}
      </p>
    </div>
  );
}
