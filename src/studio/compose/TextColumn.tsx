import { Select } from '@mantine/core';
import { useStudio } from '../store';

/** Which column of the files is the text; where there is one alone, nothing. */
export function TextColumn() {
  const text = useStudio((state) => state.text);
  const ref = useStudio((state) => state.textRef);
  const busy = useStudio((state) => state.loadingText !== null || state.activeRunId !== null);
  const loadText = useStudio((state) => state.loadText);
  if (!text?.columns || text.columns.length < 2 || text.column === undefined || ref.kind !== 'files')
    return null;
  return (
    <div className="row small text-column">
      <span className="muted">The text is the column</span>
      <Select
        size="xs"
        w={170}
        aria-label="Column with the text"
        data={text.columns.map(({ name, type }) => ({
          value: name,
          label: `${name} (${type})`,
          disabled: type !== 'text',
        }))}
        value={text.column}
        disabled={busy}
        allowDeselect={false}
        onChange={(column) => column !== null && void loadText({ ...ref, column })}
      />
    </div>
  );
}
