import { Select } from '@mantine/core';
import type { ReactNode } from 'react';
import type { DatasetCard } from '../../worker/protocol';
import { NumberField } from '../pieces/NumberField';
import type { SplitChoice } from './split';

const HELD_OUT = 'a part of the training split';

interface Props {
  dataset: DatasetCard;
  choice: SplitChoice;
  choose: (change: Partial<SplitChoice>) => Promise<void>;
  /** Below the label of the validation split, and of the share. */
  validationNote?: string | undefined;
  shareNote?: string;
  /** Fields between the splits and the share. */
  children?: ReactNode;
}

/** Config, splits and share of a data set that was looked up. */
export function SplitFields({ dataset, choice, choose, validationNote, shareNote, children }: Props) {
  const splits =
    dataset.configs.find(({ name }) => name === choice.config)?.splits.map(({ name }) => name) ?? [];
  return (
    <div className="dataset-choices">
      {dataset.configs.length > 1 && (
        <Select
          label="Config"
          data={dataset.configs.map(({ name }) => name)}
          value={choice.config}
          allowDeselect={false}
          searchable
          onChange={(config) => config !== null && void choose({ config })}
        />
      )}
      <Select
        label="Training split"
        data={splits}
        value={choice.train}
        allowDeselect={false}
        onChange={(train) => train !== null && void choose({ train })}
      />
      <Select
        label="Validation split"
        description={validationNote}
        data={[...splits.filter((name) => name !== choice.train), { value: '', label: HELD_OUT }]}
        value={choice.validation ?? ''}
        allowDeselect={false}
        onChange={(name) => void choose({ validation: name === '' ? null : name })}
      />
      {children}
      <NumberField
        label="Share of the training split, %"
        size="sm"
        description={shareNote}
        value={Number((100 * choice.fraction).toPrecision(4))}
        min={0.001}
        max={100}
        step={0}
        onChange={(percent) => void choose({ fraction: percent / 100 })}
      />
    </div>
  );
}

/** What there is to say of a data set. */
export function DatasetNotes({ dataset }: { dataset: DatasetCard }) {
  return (
    <>
      {dataset.converted && <p className="tiny muted">Read from the Hub’s own conversion to Parquet.</p>}
      {dataset.warnings.map((warning) => (
        <p key={warning} className="tiny muted">
          {warning}
        </p>
      ))}
    </>
  );
}
