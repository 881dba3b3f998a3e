import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { clampNumber, parseNumber, showNumber, stepNumber, type NumberLimits } from './number';

export interface NumberFieldProps extends NumberLimits {
  label: string;
  /** The label stands elsewhere; it is spoken only. */
  hideLabel?: boolean;
  value: number;
  description?: string;
  /** `sm` beside other fields of a form. */
  size?: 'xs' | 'sm';
  onChange: (value: number) => void;
}

/** A number as text: `5e-4` and `1,000` are fine; arrows step; what is out of range is brought into it. */
export function NumberField({
  label,
  hideLabel,
  value,
  description,
  size = 'xs',
  onChange,
  ...limits
}: NumberFieldProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const parsed = draft === null ? value : parseNumber(draft);
  const keep = () => {
    if (draft !== null && parsed !== null) {
      const next = clampNumber(parsed, limits);
      if (next !== value) onChange(next);
    }
    setDraft(null);
  };
  return (
    <TextInput
      size={size}
      inputMode="decimal"
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      description={description}
      value={draft ?? showNumber(value)}
      error={parsed === null ? 'not a number' : undefined}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        // Ctrl Enter too: the run that it starts must have the number that stands here.
        if (event.key === 'Enter') keep();
        if (event.key === 'Escape') setDraft(null);
        if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
        event.preventDefault();
        setDraft(null);
        onChange(stepNumber(parsed ?? value, event.key === 'ArrowUp' ? 1 : -1, limits));
      }}
    />
  );
}
