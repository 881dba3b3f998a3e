/** The thresholds of the steps. */
import { SegmentedControl, Slider } from '@mantine/core';
import type { CleaningSettings } from '../../recipe/cleaning';
import { NumberField } from '../pieces/NumberField';
import type { StepId } from './steps';

export interface ThresholdProps {
  settings: CleaningSettings;
  change: (settings: CleaningSettings) => void;
}

function ShortThreshold({ settings, change }: ThresholdProps) {
  const set = (minWords: number) => change({ ...settings, minWords });
  return (
    <>
      <span className="small muted">fewer than</span>
      <Slider
        className="grow"
        min={1}
        max={20}
        value={settings.minWords}
        label={null}
        thumbLabel="Fewest words of a sample"
        onChange={set}
      />
      <NumberField
        label="Fewest words"
        hideLabel
        value={settings.minWords}
        min={1}
        max={1000}
        integer
        step={1}
        onChange={set}
      />
      <span className="small muted">words</span>
    </>
  );
}

function SymbolThreshold({ settings, change }: ThresholdProps) {
  const set = (value: number) => change({ ...settings, maxSymbols: value / 100 });
  const now = Math.round(1000 * settings.maxSymbols) / 10;
  return (
    <>
      <span className="small muted">more than</span>
      <Slider
        className="grow"
        min={0}
        max={30}
        value={now}
        label={null}
        thumbLabel="Most symbols of a sample, percent"
        onChange={set}
      />
      <NumberField
        label="Most symbols, percent"
        hideLabel
        value={now}
        min={0}
        max={99}
        step={1}
        onChange={set}
      />
      <span className="small muted">% symbols</span>
    </>
  );
}

function SameChoice({ settings, change }: ThresholdProps) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="What counts as the same"
      data={[
        { value: 'exact', label: 'Exact' },
        { value: 'loose', label: 'No case, no spaces' },
        { value: 'near', label: 'Near' },
      ]}
      value={settings.duplicates}
      onChange={(duplicates) => change({ ...settings, duplicates: duplicates })}
    />
  );
}

/** What a step's threshold is, and a way to change it. */
export function Threshold({ step, ...props }: ThresholdProps & { step: StepId }) {
  switch (step) {
    case 'html':
      return (
        <span className="small muted">
          tags out, <span className="mono">&amp;amp;</span> to <span className="mono">&amp;</span>
        </span>
      );
    case 'short':
      return <ShortThreshold {...props} />;
    case 'symbols':
      return <SymbolThreshold {...props} />;
    case 'duplicates':
      return <SameChoice {...props} />;
  }
}
