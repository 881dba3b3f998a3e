import { ActionIcon, Button, Checkbox, Menu, Modal } from '@mantine/core';
import { useState, type KeyboardEvent } from 'react';
import { formatClock } from '../charts/format';
import { LineSample } from '../charts/Marks';
import { Icon } from '../pieces/Icon';
import { ExplainPerplexity } from '../run/ExplainPerplexity';
import { useStudio } from '../store';
import type { PerplexityReport } from '../../worker/protocol';
import { isActive, type RunRecord } from '../storeRuns';
import { LayerGlyph } from './LayerGlyph';
import { MOST_SHOWN, rowCell, sharedMeasure, sortBy, stateText, type CompareRow } from './rows';
import { SortHead } from './SortHead';
import { useCompareView } from './view';

const or = (value: number | null, write: (value: number) => string) => (value === null ? '–' : write(value));
const inMillions = (parameters: number) => (parameters / 1e6).toFixed(parameters >= 1e8 ? 1 : 2);

/** Moves the focus between the rows' boxes; Enter opens the run. */
function onTableKey(event: KeyboardEvent<HTMLTableSectionElement>, open: (id: string) => void): void {
  const box = (event.target as HTMLElement).closest<HTMLInputElement>('input[data-run]');
  if (!box) return;
  if (event.key === 'Enter') {
    open(box.dataset.run!);
    return;
  }
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (by === undefined) return;
  const boxes = [...event.currentTarget.querySelectorAll<HTMLInputElement>('input[data-run]')];
  boxes[boxes.indexOf(box) + by]?.focus();
  event.preventDefault();
}

interface RunsTableProps {
  rows: readonly CompareRow[];
  /** How the perplexities that can be compared were taken; null of metrics, and while nothing was measured. */
  protocol: PerplexityReport | null;
}

/** Every run of this visit: what it differs in and what came out. */
export function RunsTable({ rows, protocol }: RunsTableProps) {
  const { sort, setSort } = useCompareView();
  const showRun = useStudio((state) => state.showRun);
  const go = useStudio((state) => state.go);
  const [leaving, setLeaving] = useState<RunRecord | null>(null);
  const open = (id: string) => {
    showRun(id);
    go('run');
  };
  const head = { sort, onSort: setSort };
  const measure = sharedMeasure(rows);
  const explain = measure?.fields && (
    <ExplainPerplexity label="Perplexity" report={protocol} on={measure.on} value={false} />
  );
  return (
    <>
      <table className="compare-table">
        <thead>
          <tr>
            <SortHead label="Run" column="name" {...head} />
            <th scope="col">Differs in</th>
            <th scope="col">Layers kept</th>
            <SortHead label="k" column="k" numeric {...head} />
            <SortHead label="Method" column="method" {...head} />
            <SortHead
              label="before"
              note={measure?.label ?? ''}
              explain={explain}
              column="before"
              numeric
              {...head}
            />
            <SortHead
              label="after"
              note={measure?.label ?? ''}
              explain={explain}
              column="after"
              numeric
              {...head}
            />
            <SortHead label="in millions" note="Parameters" column="parameters" numeric {...head} />
            <SortHead label="min:s" note="Time" column="timeMs" numeric {...head} />
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody onKeyDown={(event) => onTableKey(event, open)}>
          {sortBy(rows, sort, rowCell).map((row) => (
            <RunRow key={row.run.id} row={row} open={open} leave={setLeaving} />
          ))}
          <TeacherRow rows={rows} />
        </tbody>
      </table>
      <ForgetDialog run={leaving} onClose={() => setLeaving(null)} />
    </>
  );
}

function useLayerCount(run: RunRecord): number {
  const teacher = useStudio((state) => state.teacher);
  return teacher && run.recipe.teacher.model === teacher.ref
    ? teacher.config.nLayer
    : Math.max(-1, ...run.layers) + 1;
}

interface RunRowProps {
  row: CompareRow;
  open: (id: string) => void;
  leave: (run: RunRecord) => void;
}

function RunRow({ row, open, leave }: RunRowProps) {
  const { run, style, focus } = row;
  const hidden = useCompareView((state) => state.hidden.has(run.id));
  const toggle = useCompareView((state) => state.toggle);
  const showRun = useStudio((state) => state.showRun);
  const nLayer = useLayerCount(run);
  const state = stateText(run);
  const full = !hidden && style === null;
  return (
    <tr>
      <td>
        <span className="compare-name">
          <Checkbox
            size="xs"
            data-run={run.id}
            aria-label={`Show ${run.name} in the charts`}
            title={full ? `At most ${MOST_SHOWN} runs fit into one chart` : undefined}
            checked={style !== null}
            onChange={() => toggle(run.id)}
          />
          {style ? <LineSample style={style} marker /> : <span className="compare-no-line" />}
          <button
            type="button"
            className="compare-focus"
            aria-pressed={focus}
            onClick={() => showRun(run.id)}
          >
            {focus ? <b>{run.name}</b> : run.name}
          </button>
        </span>
      </td>
      <td className="muted compare-differs" title={row.differs}>
        {row.differs}
      </td>
      <td>
        <LayerGlyph layers={run.layers} nLayer={nLayer} />
      </td>
      <td className="num">{row.k}</td>
      <td>{row.method}</td>
      <Measured row={row} state={state} />
      <td className="num">{or(row.parameters, inMillions)}</td>
      <td className="num">{or(row.timeMs, formatClock)}</td>
      <td className="num">
        <RowMenu run={run} open={open} leave={leave} />
      </td>
    </tr>
  );
}

/** Before and after training; of another measure in grey, with what sets it apart. */
function Measured({ row, state }: { row: CompareRow; state: string }) {
  const { measure, own, apart } = row;
  const [before, after] = [or(own.before, measure.format), or(own.after, measure.format)];
  if (row.comparable) {
    return (
      <>
        <td className="num">{before}</td>
        <td className="num">
          {own.after === null && state ? <span className="faint">{state}</span> : <b>{after}</b>}
        </td>
      </>
    );
  }
  return (
    <td className="num faint" colSpan={2} title={`${measure.label}: ${before} before, ${after} after`}>
      {measure.fields ? `${before} → ${after}, ` : ''}not comparable
      <span className="compare-apart tiny">{apart}</span>
    </td>
  );
}

function RowMenu({ run, open, leave }: Omit<RunRowProps, 'row'> & { run: RunRecord }) {
  const replaceRecipe = useStudio((state) => state.replaceRecipe);
  const go = useStudio((state) => state.go);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" size={24} aria-label={`${run.name}: actions`}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => open(run.id)}>Open in Run</Menu.Item>
        <Menu.Item
          onClick={() => {
            replaceRecipe(run.recipe);
            go('compose');
          }}
        >
          Set up another run from its recipe
        </Menu.Item>
        <Menu.Item disabled={isActive(run)} onClick={() => leave(run)}>
          Delete …
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Asks before a student's weights go; the focus is on the safe button. */
function ForgetDialog({ run, onClose }: { run: RunRecord | null; onClose: () => void }) {
  const forgetRun = useStudio((state) => state.forgetRun);
  return (
    <Modal
      opened={run !== null}
      onClose={onClose}
      title={`Delete “${run?.name ?? ''}”?`}
      size={420}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <p>The student’s weights, its curves and its samples go for good. Files that were exported stay.</p>
      <div className="between dialog-buttons">
        <Button
          className="danger-button"
          onClick={() => {
            if (run) void forgetRun(run.id);
            onClose();
          }}
        >
          Delete the run
        </Button>
        <Button data-autofocus onClick={onClose}>
          Keep it
        </Button>
      </div>
    </Modal>
  );
}

/** The loaded teacher as the reference row, where a shown run has measured it. */
function TeacherRow({ rows }: { rows: readonly CompareRow[] }) {
  const teacher = useStudio((state) => state.teacher);
  if (!teacher) return null;
  const measured = rows.find(
    (row) => row.comparable && row.run.recipe.teacher.model === teacher.ref && row.own.teacher !== null,
  );
  const { nLayer } = teacher.config;
  const layers = Array.from({ length: nLayer }, (_, layer) => layer);
  return (
    <tr className="reference-row">
      <td className="teacher-ink compare-teacher">{teacher.name}, teacher</td>
      <td className="faint">reference</td>
      <td>
        <LayerGlyph layers={layers} nLayer={nLayer} teacher />
      </td>
      <td className="num">{nLayer}</td>
      <td className="faint">as loaded</td>
      <td className="num teacher-ink">
        {measured ? or(measured.own.teacher, measured.measure.format) : '–'}
      </td>
      <td className="num faint">–</td>
      <td className="num">{inMillions(teacher.parameters)}</td>
      <td className="num faint">–</td>
      <td />
    </tr>
  );
}
