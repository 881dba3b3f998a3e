import { ActionIcon, Menu } from '@mantine/core';
import type { RefObject } from 'react';
import { toCsv } from './csv';
import { savePng, saveSvg, saveText } from './figure';
import { useZoom, type ChartGroup } from './group';
import { MOST_SMOOTHING } from './keys';
import { chartTable } from './readout';
import type { ChartDefaults, ChartMode, ChartView, LineChartSpec } from './spec';

interface ChartMenuProps {
  spec: LineChartSpec;
  view: ChartView;
  mode: ChartMode;
  setMode: (mode: ChartMode) => void;
  change: (part: Partial<ChartDefaults>) => void;
  group: ChartGroup;
  svg: RefObject<SVGSVGElement | null>;
  smooths: boolean;
}

const MODES: readonly { mode: ChartMode; label: string }[] = [
  { mode: 'chart', label: 'Chart' },
  { mode: 'both', label: 'Chart and table' },
  { mode: 'table', label: 'Table' },
];

/** A file's name from a title: `loss-by-term`. */
export function fileNameOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** What can be done with one chart: its form, its scale, its exports. */
export function ChartMenu({ spec, view, mode, setMode, change, group, svg, smooths }: ChartMenuProps) {
  const zoom = useZoom(group);
  const name = fileNameOf(spec.title);
  const table = () => chartTable(spec);
  return (
    <Menu position="bottom-end" shadow="none" width={216}>
      <Menu.Target>
        <ActionIcon variant="subtle" size={24} aria-label={`${spec.title}: options`}>
          <svg className="icon solid" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2.5 8a1.25 1.25 0 1 0 2.5 0 1.25 1.25 0 0 0-2.5 0m4.25 0a1.25 1.25 0 1 0 2.5 0 1.25 1.25 0 0 0-2.5 0M11 8a1.25 1.25 0 1 0 2.5 0A1.25 1.25 0 0 0 11 8" />
          </svg>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Show as</Menu.Label>
        <Menu.RadioGroup value={mode} onChange={(value) => setMode(value as ChartMode)}>
          {MODES.map((one) => (
            <Menu.RadioItem
              key={one.mode}
              value={one.mode}
              closeMenuOnClick
              rightSection={one.mode === 'both' ? <kbd>D</kbd> : null}
            >
              {one.label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.CheckboxItem checked={view.log} rightSection={<kbd>L</kbd>} onChange={(log) => change({ log })}>
          Log scale
        </Menu.CheckboxItem>
        <Menu.CheckboxItem checked={view.clip} onChange={(clip) => change({ clip })}>
          Clip outliers
        </Menu.CheckboxItem>
        {smooths && (
          <>
            <Menu.Item
              closeMenuOnClick={false}
              rightSection={<kbd>]</kbd>}
              onClick={() => change({ smoothing: Math.min(MOST_SMOOTHING, view.smoothing + 0.1) })}
            >
              Smoother, now {view.smoothing.toFixed(2)}
            </Menu.Item>
            <Menu.Item
              closeMenuOnClick={false}
              rightSection={<kbd>[</kbd>}
              onClick={() => change({ smoothing: Math.max(0, view.smoothing - 0.1) })}
            >
              Less smooth
            </Menu.Item>
          </>
        )}
        <Menu.Item disabled={zoom === null} rightSection={<kbd>0</kbd>} onClick={() => group.setZoom(null)}>
          Whole range
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Export</Menu.Label>
        <Menu.Item
          disabled={mode === 'table'}
          onClick={() => svg.current && saveSvg(svg.current, spec, name)}
        >
          SVG
        </Menu.Item>
        <Menu.Item
          disabled={mode === 'table'}
          onClick={() => svg.current && void savePng(svg.current, spec, name)}
        >
          PNG
        </Menu.Item>
        <Menu.Item onClick={() => saveText(toCsv(table().head, table().rows), `${name}.csv`, 'text/csv')}>
          CSV
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
