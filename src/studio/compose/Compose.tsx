import { useState, type DragEvent } from 'react';
import { ErrorCard } from '../pieces/ErrorCard';
import { droppedFiles, kindOfFiles } from '../pieces/files';
import { LoadingStrip } from '../pieces/Progress';
import { CleaningPlace } from '../clean/CleaningPlace';
import { useCleaning } from '../clean/cleanStore';
import { keptLayers } from '../selectionState';
import { useStudio } from '../store';
import { Board } from './Board';
import './board.css';
import './compose.css';
import './facts.css';
import './side.css';
import { Facts } from './Facts';
import { MethodPanel } from './MethodPanel';
import { KeepSlider, Presets } from './Presets';
import { RunBar } from './RunBar';
import { Heads, TeacherMenu } from './TeacherHead';
import { DataCard } from '../task/DataCard';
import { MetricCard } from '../task/MetricCard';
import { TaskEditor } from '../task/TaskEditor';
import '../task/task.css';

const UNKNOWN_FILES = {
  name: 'DataError',
  message: 'these files are neither a checkpoint nor a text',
  hint: 'Drop a folder with config.json and model.safetensors, or .txt, .jsonl, .csv, .tsv or .parquet',
  input: true,
};

/** The board while there is no teacher: its place, and what is going on. */
function EmptyBoard() {
  const loading = useStudio((state) => state.loadingTeacher);
  const phase = useStudio((state) => state.phase);
  return (
    <div className="board-empty">
      <svg width="120" height="74" viewBox="0 0 120 74" aria-hidden="true">
        {[0, 18, 36, 54].map((y) => (
          <rect key={y} x="1" y={y + 1} width="44" height="12" rx="3" />
        ))}
        {[36, 54].map((y) => (
          <rect key={y} x="74" y={y + 1} width="44" height="12" rx="3" />
        ))}
      </svg>
      {loading ? (
        <LoadingStrip loading={loading} />
      ) : (
        <p className="muted">{phase === 'starting' ? 'Opening the device …' : 'No teacher is loaded.'}</p>
      )}
      {!loading && phase === 'ready' && <TeacherMenu />}
    </div>
  );
}

function BoardCard() {
  const teacher = useStudio((state) => state.teacher);
  const recipe = useStudio((state) => state.recipe);
  const loading = useStudio((state) => state.loadingTeacher);
  const problem = useStudio((state) => state.problems.teacher);
  const dismiss = useStudio((state) => state.dismiss);
  return (
    <section className="card board" aria-label="Layer board">
      {problem && (
        <ErrorCard
          error={problem}
          meaning={teacher ? `${teacher.name} is the teacher.` : undefined}
          onClose={() => dismiss('teacher')}
        />
      )}
      {teacher ? (
        <>
          <div className="controls">
            <Presets teacher={teacher} />
            <KeepSlider teacher={teacher} />
          </div>
          {loading && <LoadingStrip loading={loading} />}
          {teacher.warnings.map((warning) => (
            <p key={warning} className="tiny card-warning">
              {warning}
            </p>
          ))}
          <Heads teacher={teacher} />
          <Board teacher={teacher} keptCount={keptLayers(recipe, teacher).length} />
          <Facts teacher={teacher} />
        </>
      ) : (
        <EmptyBoard />
      )}
    </section>
  );
}

/** Takes dropped checkpoints and texts anywhere on the place. */
function useDrop() {
  const [over, setOver] = useState(false);
  const loadTeacher = useStudio((state) => state.loadTeacher);
  const loadText = useStudio((state) => state.loadText);
  const bringRows = useStudio((state) => state.bringRows);
  const taskEditor = useStudio((state) => state.taskEditor);
  const report = useStudio((state) => state.report);
  const dismiss = useStudio((state) => state.dismiss);
  const take = async (transfer: DataTransfer) => {
    for (const place of ['teacher', 'text', 'task'] as const) dismiss(place);
    const picked = await droppedFiles(transfer);
    switch (kindOfFiles(picked.files.map((file) => file.name))) {
      case 'model':
        return loadTeacher({ kind: 'files', ...picked });
      case 'text':
        // Into the open editor go rows.
        if (taskEditor) return bringRows(picked.files);
        return loadText({ kind: 'files', ...picked });
      case null:
        return report('teacher', UNKNOWN_FILES);
    }
  };
  return {
    over,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event: DragEvent) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer);
      },
    },
  };
}

/** Teacher, layers, text and method of the recipe, and Run. */
export function Compose() {
  const taskEditor = useStudio((state) => state.taskEditor);
  const { over, handlers } = useDrop();
  const cleaning = useCleaning((state) => state.open);
  return (
    <section className="compose" aria-label="Compose" {...handlers}>
      {cleaning ? (
        <div className="compose-scroll whole">
          <CleaningPlace />
        </div>
      ) : (
        <div className="compose-scroll">
          {taskEditor ? <TaskEditor editor={taskEditor} /> : <BoardCard />}
          <div className="side">
            <DataCard />
            {taskEditor ? <MetricCard /> : <MethodPanel />}
          </div>
        </div>
      )}
      <RunBar />
      {over && (
        <div className="drop-veil">
          <p>
            <b>Drop it here</b>
            <br />
            {taskEditor
              ? 'files with labelled rows: .csv, .tsv, .jsonl or .parquet'
              : 'a folder with a GPT-2 checkpoint, or files and folders of text: .txt, .jsonl, .csv, .tsv or .parquet'}
          </p>
        </div>
      )}
    </section>
  );
}
