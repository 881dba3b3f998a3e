import { Button, Collapse } from '@mantine/core';
import { useState } from 'react';
import type { SettingValue, SettingValues } from '../../recipe/settings';
import type { MethodCard } from '../../worker/protocol';
import { WeightBar } from '../ideas/WeightBar';
import { weightParts } from '../ideas/weights';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { SettingField } from './SettingField';

interface MethodSettingsProps {
  method: MethodCard;
  /** Defaults filled in. */
  settings: Readonly<SettingValues>;
  onChange: (settings: SettingValues, group: string) => void;
}

/** A method's settings in the formula's order: weights that add up to 1 as one bar, rarely used ones on request. */
export function MethodSettings({ method, settings, onChange }: MethodSettingsProps) {
  const editStage = useStudio((state) => state.editStage);
  const parts = weightParts(method.settings, settings);
  const weights = parts.flatMap(({ name }) => name ?? []);
  const reset = (names: readonly string[]) =>
    editStage((old) => ({
      ...old,
      settings: Object.fromEntries(Object.entries(old.settings).filter(([name]) => !names.includes(name))),
    }));
  const fields = Object.entries(method.settings).filter(([name]) => !weights.includes(name));
  const field = ([name, spec]: (typeof fields)[number]) => (
    <SettingField
      key={name}
      spec={spec}
      value={settings[name]!}
      onChange={(value: SettingValue) => onChange({ [name]: value }, `setting-${name}`)}
      onReset={() => reset([name])}
    />
  );
  // One that was changed stays in sight.
  const isMinor = ([name, spec]: (typeof fields)[number]) => spec.minor && settings[name] === spec.default;
  return (
    <div className="settings">
      {parts.length > 0 && (
        <WeightBar
          parts={parts}
          terms={method.terms}
          onChange={(changed) => onChange(changed, 'setting-weights')}
          onReset={() => reset(weights)}
        />
      )}
      {fields.filter((one) => !isMinor(one)).map(field)}
      <MinorSettings count={fields.filter(isMinor).length}>{fields.filter(isMinor).map(field)}</MinorSettings>
    </div>
  );
}

function MinorSettings({ count, children }: { count: number; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  if (count === 0) return null;
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        className="minor-settings"
        aria-expanded={open}
        rightSection={
          <span className={open ? 'turned' : undefined}>
            <Icon name="chevron" size={12} />
          </span>
        }
        onClick={() => setOpen(!open)}
      >
        {count} more {count === 1 ? 'setting' : 'settings'}
      </Button>
      <Collapse expanded={open}>{children}</Collapse>
    </>
  );
}
