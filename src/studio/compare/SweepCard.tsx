import { Button, NumberInput } from '@mantine/core';
import { useState } from 'react';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { formatCount, formatFigure } from '../charts/format';
import { ErrorCard } from '../pieces/ErrorCard';
import { Icon } from '../pieces/Icon';
import { keptLayers, withLayers, withStrategy } from '../selectionState';
import { ExplainPerplexity, MEASURED_ON } from '../run/ExplainPerplexity';
import { useStudio } from '../store';
import { STRATEGIES, type Strategy } from '../../recipe/recipe';
import { SweepBars } from './Bars';
import { LayerGlyph } from './LayerGlyph';
import { sortBy } from './rows';
import { SortHead } from './SortHead';
import { sweepCell, sweepTable, type SweepEntry } from './sweep';
import { useSweep } from './sweepStore';
import { useCompareView } from './view';

/** Every rule's layer set measured before any training: which one to train first. */
export function SweepCard() {
  const { entries, of, abort, error, dismiss } = useSweep();
  const sort = useCompareView((state) => state.sweepSort);
  const sorted = sortBy(entries, sort, sweepCell);
  const done = entries.filter((entry) => entry.row !== null).length;
  const total = entries.filter((entry) => entry.layers.length > 0).length;
  const tokens = entries.find((entry) => entry.row)?.row?.tokens;
  return (
    <>
      <section className="card compare-sweep" aria-label="Zero-shot sweep">
        <header className="row compare-head">
          <h2>Zero-shot sweep</h2>
          <span className="grow" />
          <SweepControls />
        </header>
        <p className="small muted" role="status">
          {abort
            ? `Measured ${done} of ${total} …`
            : tokens !== undefined && of
              ? `${of.teacher} to ${of.keep} layers, before any training, measured on ${formatCount(tokens)} tokens`
              : 'Perplexity of every rule’s layer set before any training, measured in seconds.'}
        </p>
        {error && <ErrorCard error={error} onClose={dismiss} />}
        {entries.length > 0 && <SweepTable entries={sorted} />}
      </section>
      {entries.length > 0 && (
        <div className="compare-bars" style={{ minHeight: 92 + 30 * total }}>
          <SweepBars entries={sorted} />
        </div>
      )}
    </>
  );
}

function SweepControls() {
  const { entries, abort, start, cancel } = useSweep();
  const teacher = useStudio((state) => state.teacher);
  const recipe = useStudio((state) => state.recipe);
  const running = useStudio((state) => state.activeRunId !== null);
  const [chosen, setChosen] = useState<number | null>(null);
  const n = teacher?.config.nLayer ?? 0;
  const keep = chosen ?? (teacher ? Math.min(keptLayers(recipe, teacher).length, n - 1) : 1);
  const table = sweepTable(entries);
  return (
    <>
      <span className="row small muted">
        Keep
        <NumberInput
          size="xs"
          w={64}
          aria-label="Layers to keep in the sweep"
          min={1}
          max={Math.max(1, n - 1)}
          allowDecimal={false}
          clampBehavior="strict"
          value={keep}
          onChange={(value) => typeof value === 'number' && setChosen(value)}
        />
        of {n}
      </span>
      {abort ? (
        <Button size="xs" onClick={cancel}>
          Stop the sweep
        </Button>
      ) : (
        <Button
          size="xs"
          disabled={!teacher || running}
          title={running ? 'A run is in progress; the sweep needs the device to itself' : undefined}
          onClick={() => void start(keep)}
        >
          <Icon name="plus" />
          &nbsp;Sweep layer sets
        </Button>
      )}
      <Button
        size="xs"
        disabled={entries.length === 0}
        onClick={() => saveText(toCsv(table.head, table.rows), 'decant-sweep.csv', 'text/csv')}
      >
        <Icon name="download" />
        &nbsp;CSV
      </Button>
    </>
  );
}

function SweepTable({ entries }: { entries: readonly SweepEntry[] }) {
  const { sweepSort: sort, setSweepSort } = useCompareView();
  const head = { sort, onSort: setSweepSort };
  const nLayer = Math.max(...entries.map((entry) => entry.keep));
  const report = entries.find(({ row }) => row)?.row ?? null;
  return (
    <div className="compare-scroll">
      <table className="compare-table">
        <thead>
          <tr>
            <SortHead label="Layer set" column="label" {...head} />
            <th scope="col">Layers kept</th>
            <SortHead label="k" column="keep" numeric {...head} />
            <SortHead label="in millions" note="Parameters" column="parameters" numeric {...head} />
            <SortHead
              label="zero-shot"
              explain={
                <ExplainPerplexity label="Perplexity" report={report} on={MEASURED_ON} value={false}>
                  How many tokens the student is, on average, choosing between, before any training.
                </ExplainPerplexity>
              }
              column="perplexity"
              numeric
              {...head}
            />
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <SweepLine key={entry.id} entry={entry} nLayer={nLayer} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SweepLine({ entry, nLayer }: { entry: SweepEntry; nLayer: number }) {
  const edit = useStudio((state) => state.edit);
  const go = useStudio((state) => state.go);
  const teacher = entry.id === 'all';
  const use = () => {
    const strategy = STRATEGIES.find((one): one is Strategy => one === entry.id);
    edit((recipe) =>
      strategy ? withStrategy(recipe, strategy, entry.keep) : withLayers(recipe, entry.layers),
    );
    go('compose');
  };
  return (
    <tr className={teacher ? 'reference-row' : ''}>
      <td className={teacher ? 'teacher-ink' : ''}>{entry.label}</td>
      <td>
        {entry.layers.length > 0 ? (
          <LayerGlyph layers={entry.layers} nLayer={nLayer} teacher={teacher} />
        ) : (
          <span className="small faint">{entry.refusal}</span>
        )}
      </td>
      <td className="num">{entry.layers.length || '–'}</td>
      <td className="num">{entry.row ? (entry.row.parameters / 1e6).toFixed(2) : '–'}</td>
      <td className="num">
        {entry.row ? (
          <b>{formatFigure(entry.row.perplexity)}</b>
        ) : entry.layers.length > 0 ? (
          <span className="faint">…</span>
        ) : (
          '–'
        )}
      </td>
      <td className="num">
        {!teacher && entry.layers.length > 0 && (
          <Button size="xs" variant="subtle" onClick={use} aria-label={`Keep the layers of ${entry.label}`}>
            Keep these
          </Button>
        )}
      </td>
    </tr>
  );
}
