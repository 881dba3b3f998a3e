import { Button } from '@mantine/core';
import type { SheetCell, SheetColumn, SheetRow, SheetSection } from '../../paper/sheet';
import { LayerGlyph } from '../compare/LayerGlyph';
import { Icon } from '../pieces/Icon';
import { usePaper } from './paperStore';

/** Heads over neighbouring columns. */
function groupsOf(columns: readonly SheetColumn[]): { group?: string; span: number; from: string }[] {
  const groups: { group?: string; span: number; from: string }[] = [];
  for (const { id, group } of columns) {
    const last = groups.at(-1);
    if (last && last.group === group) last.span++;
    else groups.push({ group, span: 1, from: id });
  }
  return groups;
}

function Value({ cell }: { cell: SheetCell }) {
  const { text, layers, nLayer, figure, digits = 1, mark } = cell;
  if (layers) return <LayerGlyph layers={layers} nLayer={nLayer ?? Math.max(...layers) + 1} />;
  if (figure)
    return (
      <>
        <b>{figure.mean.toFixed(digits)}</b>
        {figure.sd !== null && <span className="muted"> ± {figure.sd.toFixed(digits)}</span>}
      </>
    );
  if (mark === undefined) return <>{text}</>;
  return (
    <span className="paper-odd" title={`The paper disagrees with itself: note ${mark}`}>
      <Icon name="warn" size={12} />
      {text}
      <span className="visually-hidden">, see note {mark}</span>
    </span>
  );
}

function Cell({ cell = {}, column, own }: { cell?: SheetCell; column: SheetColumn; own: boolean }) {
  const classes = [
    column.kind === 'number' ? 'num' : '',
    own && /^(?:zeroApart|apart)$/.test(column.id) ? 'muted' : '',
  ];
  return (
    <td className={classes.filter(Boolean).join(' ') || undefined}>
      {own && column.id === 'name' ? <b>{cell.text}</b> : <Value cell={cell} />}
      {cell.letters && <sup className="paper-letter"> {cell.letters}</sup>}
    </td>
  );
}

function Row({ row, columns }: { row: SheetRow; columns: readonly SheetColumn[] }) {
  const choose = usePaper((state) => state.choose);
  const own = row.kind === 'own';
  const [first, ...rest] = columns;
  const work = row.works[0];
  return (
    <tr className={own ? 'paper-own' : 'paper-printed'}>
      {own ? (
        <td>
          <span className="row">
            <span className="paper-elbow" aria-hidden="true" />
            <span className="visually-hidden">own run </span>
            {first!.id === 'name' && <b>{row.cells['name']?.text}</b>}
            {first!.id === 'name' && row.cells['name']?.letters && (
              <sup className="paper-letter">{row.cells['name'].letters}</sup>
            )}
          </span>
        </td>
      ) : (
        <Cell cell={row.cells[first!.id]} column={first!} own={false} />
      )}
      {rest.map((column) => (
        <Cell key={column.id} cell={row.cells[column.id]} column={column} own={own} />
      ))}
      <td className="num paper-run">
        {!own && work && (
          <Button
            size="compact-xs"
            variant="subtle"
            aria-label={`Run ${work.title}`}
            onClick={() => choose(work.id)}
          >
            Run
          </Button>
        )}
      </td>
    </tr>
  );
}

/** One sheet of the paper: printed rows in grey, the user's below them behind an elbow. */
export function PaperTable({ section }: { section: SheetSection }) {
  const { columns, rows, title, subtitle } = section;
  const groups = groupsOf(columns);
  return (
    <section className="card" aria-label={title}>
      <h2>
        {title} <span className="muted paper-subtitle">{subtitle}</span>
      </h2>
      <div className="compare-scroll" tabIndex={0} role="group" aria-label={`${title}, table`}>
        <table className="compare-table paper-table">
          <thead>
            {groups.length > 1 && (
              <tr className="paper-groups">
                {groups.map(({ group, span, from }) =>
                  group ? (
                    <th key={from} colSpan={span} scope="colgroup">
                      {group}
                    </th>
                  ) : (
                    <td key={from} colSpan={span} />
                  ),
                )}
                <td />
              </tr>
            )}
            <tr>
              {columns.map(({ id, label, kind }) => (
                <th key={id} scope="col" className={kind === 'number' ? 'num' : undefined}>
                  {label}
                </th>
              ))}
              <th scope="col">
                <span className="visually-hidden">Recipe</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.id} row={row} columns={columns} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
