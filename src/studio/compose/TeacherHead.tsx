import { Button, Menu } from '@mantine/core';
import { useRef, useState } from 'react';
import { parameterCount } from '../../model/config';
import type { ModelCard } from '../../worker/protocol';
import { formatBytes, formatCompact } from '../charts/format';
import { pickedFiles } from '../pieces/files';
import { sentence } from '../pieces/ErrorCard';
import { Explain } from '../pieces/Explain';
import { Icon } from '../pieces/Icon';
import { keptLayers, studentName } from '../selectionState';
import { useStudio } from '../store';
import { HubDialog } from './HubDialog';

/** Where another teacher may come from. */
export function TeacherMenu() {
  const runs = useStudio((state) => state.runs);
  const busy = useStudio((state) => state.loadingTeacher !== null || state.activeRunId !== null);
  const loadTeacher = useStudio((state) => state.loadTeacher);
  const [hubOpen, setHubOpen] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const students = runs.filter((run) => run.result !== null);
  const take = (input: HTMLInputElement) => {
    if (input.files?.length) void loadTeacher({ kind: 'files', ...pickedFiles([...input.files]) });
    input.value = '';
  };
  return (
    <>
      <Menu position="bottom-end" width={260} shadow="none">
        <Menu.Target>
          <Button variant="subtle" size="xs" disabled={busy} rightSection={<Icon name="chevron" />}>
            Change<span className="visually-hidden"> the teacher</span>
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void loadTeacher({ kind: 'demo' })}>Demo teacher, bundled</Menu.Item>
          <Menu.Item onClick={() => setHubOpen(true)}>From the Hugging Face Hub …</Menu.Item>
          <Menu.Item onClick={() => folder.current?.click()}>A folder on this computer …</Menu.Item>
          <Menu.Item onClick={() => files.current?.click()}>Files on this computer …</Menu.Item>
          {students.length > 0 && <Menu.Label>Students of this visit</Menu.Label>}
          {students.map((run) => (
            <Menu.Item key={run.id} onClick={() => void loadTeacher({ kind: 'run', runId: run.id })}>
              {run.name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder with a checkpoint"
        data-picker="teacher-folder"
        // React has no name for it; every browser does.
        {...{ webkitdirectory: '' }}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={files}
        type="file"
        hidden
        multiple
        aria-label="Files of a checkpoint"
        data-picker="teacher-files"
        accept=".safetensors,.json,.txt"
        onChange={(event) => take(event.currentTarget)}
      />
      <HubDialog opened={hubOpen} onClose={() => setHubOpen(false)} />
    </>
  );
}

/** Names and sizes of teacher and student, above their columns. */
export function Heads({ teacher }: { teacher: ModelCard }) {
  const recipe = useStudio((state) => state.recipe);
  const { config } = teacher;
  const kept = keptLayers(recipe, teacher);
  const parameters = parameterCount({ ...config, nLayer: kept.length });
  return (
    <div className="heads">
      <div>
        <p className="eyebrow teacher-ink">Teacher</p>
        <div className="between">
          <h2>{teacher.name}</h2>
          <TeacherMenu />
        </div>
        <p className="small faint">
          {formatCompact(teacher.parameters)} · {config.nLayer} × {config.nEmbd} ·{' '}
          {formatBytes(teacher.bytes)} {teacher.dtype.toLowerCase()}
          {teacher.note && (
            <>
              {' · '}
              <Explain label="who made it">{sentence(teacher.note)}</Explain>
            </>
          )}
        </p>
      </div>
      <div>
        <p className="eyebrow student-ink">Student</p>
        <h2>{studentName(recipe, teacher)}</h2>
        <p className="small faint">
          {formatCompact(parameters)} · {kept.length} × {config.nEmbd}
        </p>
      </div>
    </div>
  );
}
