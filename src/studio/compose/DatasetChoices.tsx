import { Select } from '@mantine/core';
import { Cost } from '../hub/Cost';
import { FirstRows } from '../hub/FirstRows';
import { NumberField } from '../pieces/NumberField';
import { useStudio } from '../store';
import { useShallow } from 'zustand/react/shallow';

const HELD_OUT = 'a part of the training split';

const APART = 'apart';
/** What rows are, by what stands between them. */
const ROWS = [
  { value: APART, label: 'documents of their own' },
  { value: '', label: 'lines of one text' },
  { value: '\n\n', label: 'one text, a blank line between' },
];

/** Config, splits, column and share of the data set that was looked up. */
export function DatasetChoices() {
  const { dataset, choice, parts } = useStudio(
    useShallow((state) => ({
      dataset: state.dataset,
      choice: state.datasetChoice,
      parts: state.datasetParts,
    })),
  );
  const choose = useStudio((state) => state.chooseOfDataset);
  const question = useStudio((state) => state.datasetQuestion);
  const showFirst = useStudio((state) => state.showFirstRows);
  if (!dataset || !choice) return null;
  const splits =
    dataset.configs.find(({ name }) => name === choice.config)?.splits.map(({ name }) => name) ?? [];
  const columns = parts?.train.columns ?? [];
  const pick = (change: Parameters<typeof choose>[0]) => void choose(change);
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
            onChange={(config) => config !== null && pick({ config })}
          />
        )}
        <Select
          label="Training split"
          data={splits}
          value={choice.train}
          allowDeselect={false}
          onChange={(train) => train !== null && pick({ train })}
        />
        <Select
          label="Validation split"
          data={[...splits.filter((name) => name !== choice.train), { value: '', label: HELD_OUT }]}
          value={choice.validation ?? ''}
          allowDeselect={false}
          onChange={(name) => pick({ validation: name === '' ? null : name })}
        />
        {columns.length > 0 && (
          <Select
            label="Column with the text"
            data={columns.map(({ name, type }) => ({ value: name, label: `${name} (${type})` }))}
            value={choice.column}
            allowDeselect={false}
            onChange={(column) => column !== null && pick({ column })}
          />
        )}
        {columns.length > 0 && (
          <Select
            label="Rows are"
            data={ROWS}
            value={choice.join ?? APART}
            allowDeselect={false}
            onChange={(join) => join !== null && pick({ join: join === APART ? null : join })}
          />
        )}
        <NumberField
          label="Share of the training split, %"
          size="sm"
          description="whole row groups, spread over the files by the recipe’s seed"
          value={Number((100 * choice.fraction).toPrecision(4))}
          min={0.001}
          max={100}
          step={0}
          onChange={(percent) => pick({ fraction: percent / 100 })}
        />
      </div>
      <Cost train={parts?.train} validation={parts?.validation} question={question} />
      {parts && <FirstRows part={parts.train} disabled={question.asking} onShow={() => void showFirst()} />}
      {dataset.converted && <p className="tiny muted">Read from the Hub’s own conversion to Parquet.</p>}
      {dataset.warnings.map((warning) => (
        <p key={warning} className="tiny muted">
          {warning}
        </p>
      ))}
    </>
  );
}
