import { Switch, TextInput } from '@mantine/core';
import { formatCount } from '../charts/format';
import { useStudio } from '../store';
import type { OwnRows } from '../storeTask';
import { rowsLeftOut } from './mapping';

/** The values of the label column: how many rows have each, what it is called, and whether its rows are kept. */
export function LabelValues({ own: { train, mapping } }: { own: OwnRows }) {
  const mapColumns = useStudio((state) => state.mapColumns);
  const column = train.columns.find(({ name }) => name === mapping.label);
  if (!column)
    return <p className="small faint">The values of the label stand here once its column is chosen.</p>;
  const rename = (value: string, name: string | null) =>
    mapColumns({ ...mapping, names: { ...mapping.names, [value]: name } });
  return (
    <div className="own-scroll" tabIndex={0} role="group" aria-label={`Values of ${column.name}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              Values of <span className="mono">{column.name}</span>
            </th>
            <th scope="col">Called</th>
            <th scope="col">Kept</th>
            <th scope="col" className="num">
              Rows
            </th>
          </tr>
        </thead>
        <tbody>
          {(column.values ?? []).map(({ value, rows }) => {
            const name = mapping.names[value] ?? null;
            const shown = value === '' ? 'empty' : value;
            return (
              <tr key={value}>
                <td className={value === '' ? 'faint' : 'mono ellipsis'}>{shown}</td>
                <td>
                  <TextInput
                    size="xs"
                    w={120}
                    aria-label={`Name of ${shown}`}
                    value={name ?? ''}
                    placeholder="left out"
                    disabled={name === null}
                    onChange={(event) => rename(value, event.currentTarget.value)}
                  />
                </td>
                <td>
                  <Switch
                    size="xs"
                    aria-label={`Keep rows with ${shown}`}
                    checked={name !== null}
                    disabled={value === ''}
                    onChange={(event) => rename(value, event.currentTarget.checked ? value : null)}
                  />
                </td>
                <td className="num">{formatCount(rows)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p className="tiny faint">
        {formatCount(rowsLeftOut(mapping, train.columns))} of {formatCount(train.rows)} rows are left out with
        their values.
      </p>
    </div>
  );
}
