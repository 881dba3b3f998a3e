import type { ReactNode } from 'react';
import { nextSort, type Sort } from './rows';

interface SortHeadProps<Key extends string> {
  label: string;
  /** A second line of the head, e.g. a unit. */
  note?: string;
  /** In the place of the note: what explains the column's numbers, beside the button that sorts. */
  explain?: ReactNode;
  column: Key;
  sort: Sort<Key>;
  onSort: (sort: Sort<Key>) => void;
  numeric?: boolean;
}

/** A column head that sorts; an arrow and `aria-sort` say which way. */
export function SortHead<Key extends string>({
  label,
  note,
  explain,
  column,
  sort,
  onSort,
  numeric,
}: SortHeadProps<Key>) {
  const active = sort.key === column;
  const direction = sort.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" className={numeric ? 'num' : undefined} aria-sort={active ? direction : 'none'}>
      {explain && <span className="sort-note">{explain}</span>}
      <button
        type="button"
        className={active ? 'sort-head active' : 'sort-head'}
        onClick={() => onSort(nextSort(sort, column))}
      >
        {note && !explain && <span className="sort-note">{note}</span>}
        {label}
        {active && <span aria-hidden="true"> {sort.descending ? '↓' : '↑'}</span>}
      </button>
    </th>
  );
}
