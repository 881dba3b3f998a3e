import { Button, Menu, SegmentedControl, Slider, Switch } from '@mantine/core';
import { toCsv } from '../charts/csv';
import { saveText } from '../charts/figure';
import { MOST_SMOOTHING } from '../charts/keys';
import { fileNameOf } from '../charts/ChartMenu';
import { Icon } from '../pieces/Icon';
import { seriesBook, type Axis } from '../series';
import type { RunRecord } from '../storeRuns';
import { useRunView } from './settings';
import { learns } from './pipeline';
import { evaluationTable, scoreTable, stepTable } from './tables';

const AXES: { value: Axis; label: string }[] = [
  { value: 'step', label: 'Step' },
  { value: 'tokens', label: 'Tokens' },
  { value: 'time', label: 'Time' },
];

/** What holds for all charts of the page: axis, smoothing, scale, cursor, export. */
export function ChartTools({ run }: { run: RunRecord }) {
  const { axis, smoothing, log, clip, oneCursor, change } = useRunView();
  return (
    <div className="run-tools" role="toolbar" aria-label="Charts">
      <span className="row">
        X axis
        <SegmentedControl
          size="xs"
          aria-label="X axis"
          data={AXES}
          value={axis}
          onChange={(value) => change({ axis: value })}
        />
      </span>
      <span className="row">
        Smoothing
        <Slider
          w={110}
          min={0}
          max={MOST_SMOOTHING}
          step={0.01}
          label={null}
          value={smoothing}
          thumbLabel="Smoothing"
          onChange={(value) => change({ smoothing: value })}
        />
        <span className="run-tool-value">{smoothing.toFixed(2)}</span>
      </span>
      {learns(run, 'lm') && (
        <Switch
          size="xs"
          label="Log scale, perplexity"
          checked={log}
          onChange={() => change({ log: !log })}
        />
      )}
      <Switch size="xs" label="Clip outliers" checked={clip} onChange={() => change({ clip: !clip })} />
      <Switch
        size="xs"
        label="One cursor"
        checked={oneCursor}
        onChange={() => change({ oneCursor: !oneCursor })}
      />
      <span className="grow" />
      <ExportMenu run={run} />
    </div>
  );
}

function ExportMenu({ run }: { run: RunRecord }) {
  const name = fileNameOf(run.name);
  const csv = (table: { head: string[]; rows: (string | number | null)[][] }, kind: string) =>
    saveText(toCsv(table.head, table.rows), `${name}-${kind}.csv`, 'text/csv');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs">
          <Icon name="download" />
          &nbsp;Export&nbsp;
          <Icon name="chevron" />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => csv(stepTable(seriesBook.get(run.id)), 'steps')}>
          Training steps, CSV
        </Menu.Item>
        {learns(run, 'task') && (
          <Menu.Item onClick={() => csv(scoreTable(run), 'metrics')}>Validation metrics, CSV</Menu.Item>
        )}
        {learns(run, 'lm') && (
          <Menu.Item onClick={() => csv(evaluationTable(run), 'perplexity')}>
            Validation perplexity, CSV
          </Menu.Item>
        )}
        <Menu.Item
          onClick={() =>
            saveText(JSON.stringify(run.recipe, null, 2), `${name}-recipe.json`, 'application/json')
          }
        >
          Recipe, JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
