import { DatasetNotes, SplitFields } from '../hub/SplitFields';
import { useStudio } from '../store';
import { columnsOf, useHubRows } from './hubRows';

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

/** Config, splits and share of the data set that was looked up, and its columns. */
export function HubRowsChoices() {
  const { dataset, choice, choose } = useHubRows();
  if (!dataset || !choice) return null;
  const second = choice.validationMismatched;
  return (
    <>
      <SplitFields
        dataset={dataset}
        choice={choice}
        choose={choose}
        validationNote={second === null ? undefined : `and ${second}, of other genres`}
      />
      <Columns />
      <DatasetNotes dataset={dataset} />
    </>
  );
}
