import { Button, Select } from '@mantine/core';
import { useState } from 'react';
import { fileNameOf } from '../charts/ChartMenu';
import { formatBytes, formatCompact } from '../charts/format';
import { reportOf, wasCancelled } from '../connection';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import type { RunRecord } from '../storeRuns';
import type { ErrorReport, ExportedFile } from '../../worker/protocol';
import { Continue } from './Continue';
import { learns } from './pipeline';
import { canSaveToFolder, downloadFiles, saveToFolder } from './saveFiles';

type Dtype = 'f32' | 'f16' | 'bf16';

const BYTES: Record<Dtype, number> = { f32: 4, f16: 2, bf16: 2 };

/** The way home for the student: a Hugging Face checkpoint, and a first conversation with it. */
export function AfterRun({ run }: { run: RunRecord }) {
  return (
    <>
      <ExportStudent run={run} />
      {/* With a task's head it writes no text. */}
      {!learns(run, 'task') && <Continue run={run} />}
    </>
  );
}

type State = { kind: 'idle' } | { kind: 'busy' } | { kind: 'saved'; files: ExportedFile[]; where: string };

function ExportStudent({ run }: { run: RunRecord }) {
  const connection = useStudio((state) => state.connection);
  const busyElsewhere = useStudio((state) => state.activeRunId !== null);
  const [dtype, setDtype] = useState<Dtype>('f16');
  const [state, setState] = useState<State>({ kind: 'idle' });
  const [error, setError] = useState<ErrorReport | null>(null);
  const folder = fileNameOf(run.name);

  const save = async (write: (files: ExportedFile[]) => Promise<string>) => {
    if (!connection) return;
    setError(null);
    setState({ kind: 'busy' });
    try {
      const files = await connection.request({ type: 'export', runId: run.id, dtype });
      setState({ kind: 'saved', files, where: await write(files) });
    } catch (thrown) {
      setState({ kind: 'idle' });
      if (!wasCancelled(thrown)) setError(reportOf(thrown));
    }
  };

  const disabled = state.kind === 'busy' || busyElsewhere;
  return (
    <section className="card" aria-label="Export the student">
      <div className="between">
        <h2>Export the student</h2>
        <Select
          size="xs"
          w={84}
          aria-label="Number format"
          data={['f32', 'f16', 'bf16']}
          value={dtype}
          allowDeselect={false}
          onChange={(value) => setDtype(value as Dtype)}
        />
      </div>
      {run.result ? (
        <p className="small muted">
          {formatCompact(run.result.parameters)} parameters, about{' '}
          {formatBytes(run.result.parameters * BYTES[dtype])}
        </p>
      ) : (
        <p className="small muted">The weights of the last good step.</p>
      )}
      <div className="row run-export">
        {canSaveToFolder() && (
          <Button
            size="xs"
            disabled={disabled}
            onClick={() => void save((files) => saveToFolder(files, folder))}
          >
            <Icon name="library" />
            &nbsp;Save to a folder
          </Button>
        )}
        <Button size="xs" disabled={disabled} onClick={() => void save((files) => downloadFiles(files))}>
          <Icon name="download" />
          &nbsp;Download
        </Button>
      </div>
      <p className="small muted" role="status">
        {statusText(state)}
      </p>
      {error && <ErrorCard error={error} onClose={() => setError(null)} />}
    </section>
  );
}

function statusText(state: State): string {
  if (state.kind === 'busy') return 'Writing the checkpoint …';
  if (state.kind === 'saved')
    return `${state.files.length} files ${state.where}: ${state.files.map((file) => file.name).join(', ')}.`;
  return 'config.json, model.safetensors and the tokenizer: the Hugging Face layout, and a teacher when dropped here.';
}
