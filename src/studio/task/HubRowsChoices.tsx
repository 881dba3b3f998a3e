import { Select } from '@mantine/core';
import { NumberField } from '../pieces/NumberField';
import { useStudio } from '../store';
import { columnsOf, useHubRows } from './hubRows';

const HELD_OUT = 'a part of the training split';

/** The columns that the rows have, and which of them the task reads. */
function Columns() {
  const { task, parts } = useHubRows();
  const info = useStudio((state) => state.tasks.find(({ id }) => id === task));
  if (!info || !parts) return null;
  const used = columnsOf(info);
  return (
    <p className="small task-columns">
      <span className="muted">Columns</span>
      {parts.train.columns.map(({ name, type }) => (
        <span key={name}>
          <span className={used.includes(name) ? 'mono' : 'mono faint'}>{name}</span>{' '}
          <span className="faint">
            {type}
            {name === info.labelColumn ? ', the label' : used.includes(name) ? '' : ', not used'}
          </span>
        </span>
      ))}
    </p>
  );
}

/** Config, splits and share of the data set that was looked up. */
export function HubRowsChoices() {
  const { dataset, choice, choose } = useHubRows();
  if (!dataset || !choice) return null;
  const splits =
    dataset.configs.find(({ name }) => name === choice.config)?.splits.map(({ name }) => name) ?? [];
  const others = splits.filter((name) => name !== choice.train);
  const second = choice.validationMismatched;
  return (
    <>
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
          description={second === null ? undefined : `and ${second}, of other genres`}
          data={[...others, { value: '', label: HELD_OUT }]}
          value={choice.validation ?? ''}
          allowDeselect={false}
          onChange={(name) => void choose({ validation: name === '' ? null : name })}
        />
        <NumberField
          label="Share of the training split, %"
          size="sm"
          value={Number((100 * choice.fraction).toPrecision(4))}
          min={0.001}
          max={100}
          step={0}
          onChange={(percent) => void choose({ fraction: percent / 100 })}
        />
      </div>
      <Columns />
      {dataset.converted && <p className="tiny muted">Read from the Hub’s own conversion to Parquet.</p>}
      {dataset.warnings.map((warning) => (
        <p key={warning} className="tiny muted">
          {warning}
        </p>
      ))}
    </>
  );
}
