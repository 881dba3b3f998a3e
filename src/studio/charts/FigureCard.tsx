import { ActionIcon, Menu } from '@mantine/core';
import { useState, type ReactNode, type Ref } from 'react';
import { Icon } from '../pieces/Icon';
import { fileNameOf } from './ChartMenu';
import { toCsv } from './csv';
import { figurePng, saveBlob, saveFigure, saveText } from './figure';
import { useSize } from './useSize';
import './charts.css';

interface FigureCardProps {
  title: string;
  unit: string;
  table: { head: string[]; rows: (string | number | null)[][] };
  /** Extra buttons in the head. */
  tools?: ReactNode;
  draw: (frame: { width: number; height: number; ref: Ref<SVGSVGElement> }) => ReactNode;
}

/** A card with one figure that has no time axis: scatter, bars. Exports like every chart. */
export function FigureCard({ title, unit, table, tools, draw }: FigureCardProps) {
  const [svg, setSvg] = useState<SVGSVGElement | null>(null);
  const [box, size] = useSize<HTMLDivElement>();
  const name = fileNameOf(title);
  const text = { title, unit, legend: [] };
  const png = async () => {
    if (svg) saveBlob(await figurePng(svg, text), `${name}.png`);
  };
  return (
    <section className="card decant-chart" aria-label={title}>
      <header className="decant-chart-head">
        <h2>{title}</h2>
        <span className="unit faint">{unit}</span>
        {tools}
        <Menu position="bottom-end" width={160}>
          <Menu.Target>
            <ActionIcon variant="subtle" size={24} aria-label={`${title}: options`}>
              <Icon name="more" />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>Export</Menu.Label>
            <Menu.Item onClick={() => svg && saveFigure(svg, text, name)}>SVG</Menu.Item>
            <Menu.Item onClick={() => void png()}>PNG</Menu.Item>
            <Menu.Item onClick={() => saveText(toCsv(table.head, table.rows), `${name}.csv`, 'text/csv')}>
              CSV
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </header>
      <div ref={box} className="decant-plot">
        {size.width > 60 && size.height > 50 && draw({ ...size, ref: setSvg })}
      </div>
    </section>
  );
}
