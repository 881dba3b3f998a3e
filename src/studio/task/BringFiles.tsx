import { Button } from '@mantine/core';
import { useRef } from 'react';
import { hubSourceOf, hubTaskOf } from '../../data/hubDatasets';
import type { TaskId } from '../../recipe/data';
import { formatCount } from '../charts/format';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import type { RowPart } from './rowFiles';
import { shortLabel } from './taskWords';

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

/** Where the rows of a task come from that is not bundled: the Hub, or files that somebody has. */
export function BringFiles({ task }: { task: Exclude<TaskId, 'custom'> }) {
  const info = useStudio((state) => state.tasks.find(({ id }) => id === task));
  const brought = useStudio((state) => state.broughtRows[task]);
  const takeRows = useStudio((state) => state.takeRows);
  const hub = hubTaskOf(task);
  const parts: RowPart[] = ['train', 'validation'];
  if (task === 'glue/mnli') parts.push('validationMismatched');
  const fromHub = () => {
    if (!hub) return;
    const { train, validation, validationMismatched: second } = hub.splits;
    takeRows(task, {
      train: hubSourceOf(hub, train),
      validation: hubSourceOf(hub, validation ?? train),
      ...(second !== undefined && { validationMismatched: hubSourceOf(hub, second) }),
    });
  };
  return (
    <section className="bring" aria-label={`Rows of ${shortLabel(task)}`}>
      <p className="small muted">
        Decant does not bring the rows of {shortLabel(task)}. Drop its files here, or choose them: .jsonl,
        .csv, .tsv or .parquet with the columns{' '}
        {[...(info?.columns ?? []), info?.labelColumn ?? 'label'].map((column, i) => (
          <span key={column}>
            {i > 0 && ', '}
            <span className="mono">{column}</span>
          </span>
        ))}
        . A label is a class’s number or its name: {info?.classes.join(', ')}.
      </p>
      <div className="row bring-buttons">
        {parts.map((part) => (
          <RowPicker key={part} label={`${LABELS[part]} …`} part={part} />
        ))}
        {hub && (
          <Button size="xs" onClick={fromHub}>
            <Icon name="download" />
            &nbsp;From the Hub, {hub.repo}
          </Button>
        )}
      </div>
      <ul className="small bring-files">
        {parts.map((part) => {
          const card = brought?.[part];
          return (
            <li key={part} className={card ? undefined : 'faint'}>
              {LABELS[part]}:{' '}
              {card ? `${card.name.split('/').at(-1)!}, ${formatCount(card.rows)} rows` : 'none yet'}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
