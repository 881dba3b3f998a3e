import { Select } from '@mantine/core';
import { Cost } from '../hub/Cost';
import { FirstRows } from '../hub/FirstRows';
import { DatasetNotes, SplitFields } from '../hub/SplitFields';
import { useStudio } from '../store';
import { useShallow } from 'zustand/react/shallow';

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
  const columns = parts?.train.columns ?? [];
  const pick = (change: Parameters<typeof choose>[0]) => void choose(change);
  return (
    <>
      <SplitFields
        dataset={dataset}
        choice={choice}
        choose={choose}
        shareNote="whole row groups, spread over the files by the recipe’s seed"
      >
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
      </SplitFields>
      <Cost train={parts?.train} validation={parts?.validation} question={question} />
      {parts && <FirstRows part={parts.train} disabled={question.asking} onShow={() => void showFirst()} />}
      <DatasetNotes dataset={dataset} />
    </>
  );
}
