import { Button } from '@mantine/core';
import type { DatasetPart } from '../../worker/protocol';
import { formatBytes } from '../charts/format';

/** Rows as they are in a file. */
export function RowsTable({
  rows,
  label,
}: {
  rows: readonly Readonly<Record<string, string>>[];
  label: string;
}) {
  const names = Object.keys(rows[0] ?? {});
  return (
    <div className="first-rows" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {names.map((name) => (
              <th key={name} scope="col" className="mono">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {names.map((name) => (
                <td key={name}>{row[name] === '' ? <span className="faint">empty</span> : row[name]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface FirstRowsProps {
  part: DatasetPart;
  disabled: boolean;
  onShow: () => void;
}

/** The first rows of a split: asked for by a button that says what they take, then as a table. */
export function FirstRows({ part: { first, firstBytes, split }, disabled, onShow }: FirstRowsProps) {
  if (!first)
    return (
      <div>
        <Button size="xs" disabled={disabled} onClick={onShow}>
          Show the first rows, {formatBytes(firstBytes)}
        </Button>
      </div>
    );
  return first.length === 0 ? (
    <p className="small muted">{split} has no rows.</p>
  ) : (
    <RowsTable rows={first} label={`First rows of ${split}`} />
  );
}
