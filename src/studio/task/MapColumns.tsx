import { Select } from '@mantine/core';
import type { ColumnCard } from '../../worker/protocol';
import { formatCount } from '../charts/format';
import { useStudio } from '../store';
import type { OwnRows } from '../storeTask';
import { roleOf, withRole, type ColumnRole, type Mapping } from './mapping';

const ORDINALS = [
  'Text',
  'Second text',
  'Third text',
  'Fourth text',
  'Fifth text',
  'Sixth text',
  'Seventh text',
  'Eighth text',
];

/** `1 to 812 words`, `1 to 5`, `after a separator` */
function holdsText({ kind, least, most, empty, values }: ColumnCard, role: ColumnRole): string {
  const range =
    least === null || most === null
      ? 'nothing'
      : `${formatCount(least)}${most === least ? '' : ` to ${formatCount(most)}`}${kind === 'text' ? ' words' : ''}`;
  const what = kind === 'other' ? 'lists or objects' : range;
  const none = empty > 0 ? `, ${formatCount(empty)} empty` : '';
  if (role === 'label') return `${values?.length ?? 'too many'} values${none}`;
  return `${what}${none}${role.startsWith('text') && role !== 'text 0' ? ', after a separator' : ''}`;
}

function rolesFor(
  column: ColumnCard,
  mapping: Mapping,
): { value: ColumnRole; label: string; disabled?: boolean }[] {
  const others = mapping.text.filter((name) => name !== column.name).length;
  const texts = ORDINALS.slice(0, others + 1).map((label, i) => ({ value: `text ${i}` as const, label }));
  return [
    ...(column.kind === 'other' ? [] : texts),
    { value: 'label', label: 'Label', disabled: column.values === null },
    { value: 'unused', label: 'not used' },
  ];
}

/** Every column of the file with its first values and what it is used as. */
export function MapColumns({ own: { train, mapping } }: { own: OwnRows }) {
  const mapColumns = useStudio((state) => state.mapColumns);
  return (
    <div className="own-scroll" tabIndex={0} role="group" aria-label="Columns of the file">
      <table>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">First values</th>
            <th scope="col">Used as</th>
            <th scope="col">Holds</th>
          </tr>
        </thead>
        <tbody>
          {train.columns.map((column) => {
            const role = roleOf(mapping, column.name);
            return (
              <tr key={column.name}>
                <td className="mono">{column.name}</td>
                <td className="muted ellipsis" title={column.first.join(', ')}>
                  {column.first.map((value) => (column.kind === 'text' ? `“${value}”` : value)).join(', ')}
                </td>
                <td>
                  <Select
                    size="xs"
                    w={124}
                    aria-label={`${column.name} is used as`}
                    data={rolesFor(column, mapping)}
                    value={role}
                    allowDeselect={false}
                    onChange={(value) => value && mapColumns(withRole(mapping, column, value))}
                  />
                </td>
                <td className="faint small">{holdsText(column, role)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
