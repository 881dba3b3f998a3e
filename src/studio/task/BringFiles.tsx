import { Button } from '@mantine/core';
import { useRef } from 'react';
import { hubTaskOf } from '../../data/hubDatasets';
import { partOf, type Source } from '../../recipe/data';
import { isHubSource } from '../../recipe/hubSource';
import { formatCount } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { HubRowsDialog } from './HubRowsDialog';
import { useHubRows } from './hubRows';
import type { RowPart } from './rowFiles';
import { shortLabel, type NamedTaskId } from './taskWords';
import { useTaskCard, useTaskData } from './useTask';

export const ROW_FILES = '.jsonl,.ndjson,.tsv,.csv,.gz,.parquet';

const LABELS: Readonly<Record<RowPart, string>> = {
  train: 'Training rows',
  validation: 'Validation rows',
  validationMismatched: 'Mismatched rows',
};

/** A button that asks for files with rows. */
export function RowPicker({ label, part }: { label: string; part: RowPart }) {
  const bringRows = useStudio((state) => state.bringRows);
  const busy = useStudio((state) => state.loadingTask !== null);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button size="xs" disabled={busy} onClick={() => input.current?.click()}>
        <Icon name="upload" />
        &nbsp;{label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        data-picker={`rows-${part}`}
        accept={ROW_FILES}
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files?.length) void bringRows([...files], part);
          event.currentTarget.value = '';
        }}
      />
    </>
  );
}

/** `nyu-mll/glue/sst2, train` */
function hubText(source: Source): string | null {
  const { source: named, fraction } = partOf(source);
  if (!isHubSource(named)) return null;
  const [place, split] = named.slice('hf:'.length).split(':');
  return `${place!}, ${split!}${fraction < 1 ? `, ${Number((100 * fraction).toPrecision(3))} %` : ''}`;
}

/** What each part is now: a file that was brought, a split of the Hub, or nothing yet. */
function Parts({ task, parts }: { task: NamedTaskId; parts: readonly RowPart[] }) {
  const brought = useStudio((state) => state.broughtRows[task]);
  const data = useTaskData();
  const used = data?.task === task ? data : null;
  const { card } = useTaskCard(used);
  const whatIs = (part: RowPart): string | null => {
    const hub = used?.[part] && hubText(used[part]);
    if (hub) return card?.[part] ? `${hub}, ${formatCount(card[part].rows)} rows` : hub;
    const file = brought?.[part];
    return file ? `${file.name.split('/').at(-1)!}, ${formatCount(file.rows)} rows` : null;
  };
  return (
    <ul className="small bring-files">
      {parts.map((part) => {
        const what = whatIs(part);
        return (
          <li key={part} className={what === null ? 'faint' : undefined}>
            {LABELS[part]}: {what ?? 'none yet'}
          </li>
        );
      })}
    </ul>
  );
}

/** Where the rows of a task come from that is not bundled: the Hub, or files that somebody has. */
export function BringFiles({ task }: { task: NamedTaskId }) {
  const info = useStudio((state) => state.tasks.find(({ id }) => id === task));
  const busy = useStudio((state) => state.loadingTask !== null);
  const openHub = useHubRows((state) => state.open);
  const asked = useHubRows((state) => state.task);
  const parts: RowPart[] = ['train', 'validation'];
  if (task === 'glue/mnli') parts.push('validationMismatched');
  return (
    <section className="bring" aria-label={`Rows of ${shortLabel(task)}`}>
      {asked === task && <HubRowsDialog task={task} />}
      <p className="small muted">
        Decant does not bring the rows of {shortLabel(task)}. Take them from the Hub, or drop or choose files:
        .jsonl, .csv, .tsv or .parquet with the columns{' '}
        {[...(info?.columns ?? []), info?.labelColumn ?? 'label'].map((column, i) => (
          <span key={column}>
            {i > 0 && ', '}
            <span className="mono">{column}</span>
          </span>
        ))}
        . A label is a class’s number or its name: {info?.classes.join(', ')}.
      </p>
      <div className="row bring-buttons">
        {hubTaskOf(task) && (
          <Button size="xs" disabled={busy} onClick={() => openHub(task)}>
            <Icon name="download" />
            &nbsp;From the Hub …
          </Button>
        )}
        {parts.map((part) => (
          <RowPicker key={part} label={`${LABELS[part]} …`} part={part} />
        ))}
      </div>
      <Parts task={task} parts={parts} />
    </section>
  );
}
