import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { toLatex } from '../../paper/written';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { useStudio } from '../store';
import { MethodsChart } from './MethodsChart';
import { MethodsDialog } from './MethodsDialog';
import { differenceText, meanText, methodsTable, methodsWritten } from './methodsFiles';
import { methodRows, verdict, type Measure, type MethodRow } from './methodsPlan';
import { comparedRuns, useMethods } from './methodsStore';
import './methods.css';

/** Methods with the same student, seeds and data order: mean, spread, and what can be told from fine-tuning. */
export function MethodsCard() {
  const queue = useMethods((state) => state.queue);
  const records = useStudio((state) => state.runs);
  const { measure, runs, ended, failed } = useMemo(() => comparedRuns(queue, records), [queue, records]);
  const rows = useMemo(() => methodRows(runs), [runs]);
  const measured = rows.some(({ summary }) => summary !== null);
  return (
    <>
      <section className="card compare-methods" aria-label="Comparison of methods">
        <header className="row compare-head">
          <h2>Methods</h2>
          <span className="grow" />
          <Controls rows={rows} measure={measure} />
        </header>
        <Status ended={ended} />
        {failed[0]?.error && (
          <ErrorCard error={failed[0].error} meaning={`${failed[0].name} has no result.`} />
        )}
        {queue.length > 0 && <MethodsTable rows={rows} measure={measure} />}
        <MethodsDialog />
      </section>
      {measured && (
        <div className="compare-bars" style={{ minHeight: 110 + 34 * rows.length }}>
          <MethodsChart rows={rows} measure={measure} />
        </div>
      )}
    </>
  );
}

function Status({ ended }: { ended: number }) {
  const { queue, running } = useMethods();
  const at = queue[ended];
  if (queue.length === 0)
    return (
      <p className="small muted">
        Several methods with the same student, seeds and order of batches; fine-tuning is always among them.
      </p>
    );
  return (
    <p className="small muted" role="status">
      {running && at
        ? `Run ${ended + 1} of ${queue.length}: ${at.label}, seed ${at.seed}`
        : `${ended} of ${queue.length} runs. Differences are paired by seed, with 95 % intervals.`}
    </p>
  );
}

function Controls({ rows, measure }: { rows: readonly MethodRow[]; measure: Measure }) {
  const { running, cancel, setDialogOpen } = useMethods();
  const blocked = useStudio((state) => state.activeRunId !== null || !state.teacher);
  const save = () => {
    const { head, rows: lines } = methodsTable(rows, measure);
    saveText(toCsv(head, lines), 'decant-methods.csv', 'text/csv');
  };
  const empty = rows.every(({ summary }) => summary === null);
  return (
    <>
      {running ? (
        <Button size="xs" onClick={cancel}>
          Stop the comparison
        </Button>
      ) : (
        <Button size="xs" disabled={blocked} onClick={() => setDialogOpen(true)}>
          <Icon name="plus" />
          &nbsp;Compare methods
        </Button>
      )}
      <Button size="xs" disabled={empty} onClick={save}>
        <Icon name="download" />
        &nbsp;CSV
      </Button>
      <Button
        size="xs"
        disabled={empty}
        onClick={() =>
          saveText(toLatex(methodsWritten(rows, measure)), 'decant-methods.tex', 'application/x-tex')
        }
      >
        LaTeX
      </Button>
    </>
  );
}

function MethodsTable({ rows, measure }: { rows: readonly MethodRow[]; measure: Measure }) {
  return (
    <div className="compare-scroll" tabIndex={0} role="group" aria-label="Methods, table">
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col" className="num">
              {measure.label}
            </th>
            <th scope="col" className="num">
              Seeds
            </th>
            <th scope="col" className="num">
              To fine-tuning, 95 % interval
            </th>
            <th scope="col">Reads</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.method}>
              <th scope="row">{row.label}</th>
              <td className="num">
                <b>{meanText(row).split(' ± ')[0]}</b>
                {row.summary?.sd != null && <span className="muted"> ± {meanText(row).split(' ± ')[1]}</span>}
              </td>
              <td className="num">{row.values.length || '–'}</td>
              <td className="num muted">{differenceText(row)}</td>
              <td>{verdict(row, measure)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
