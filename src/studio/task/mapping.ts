/** Columns of an own file as the user maps them, and the task that this makes. Pure. */
import type { TaskData } from '../../recipe/data';
import type { ColumnCard } from '../../worker/protocol';

export interface Mapping {
  /** Columns with text, in the order in which they are joined. */
  text: readonly string[];
  label: string | null;
  /** Names of the label's values, by value; null: its rows are left out. */
  names: Readonly<Record<string, string | null>>;
}

/** As many as a recipe takes. */
export const MOST_TEXTS = 8;
const MOST_CLASSES = 20;
const LABEL_NAMES = /^(label|labels|class|category|target|y|folder|mood|sentiment|topic|intent)$/i;

const filled = ({ values }: ColumnCard) => (values ?? []).filter(({ value }) => value !== '');

/** Values that look like no label at all: `?`, `-`, `n/a`. */
const isBlank = (value: string) => /^(\?+|-+|n\/?a|null|none)$/i.test(value);

/** Every value is a class of its own name. */
export function namesFor(column: ColumnCard | undefined): Mapping['names'] {
  const values = column ? filled(column) : [];
  return Object.fromEntries(values.map(({ value }) => [value, isBlank(value) ? null : value]));
}

const canLabel = (column: ColumnCard) => {
  const count = filled(column).length;
  return column.values !== null && count >= 2 && count <= MOST_CLASSES;
};

/** A first guess: the label by its name or as the last column with few values, the text as the one with most words. */
export function guessMapping(columns: readonly ColumnCard[]): Mapping {
  const able = columns.filter(canLabel);
  const label = able.find(({ name }) => LABEL_NAMES.test(name)) ?? able.at(-1);
  const texts = columns.filter((column) => column !== label && column.kind === 'text');
  const longest = texts.reduce<ColumnCard | undefined>(
    (best, column) => ((column.most ?? 0) > (best?.most ?? 0) ? column : best),
    undefined,
  );
  return { text: longest ? [longest.name] : [], label: label?.name ?? null, names: namesFor(label) };
}

export type ColumnRole = 'label' | 'unused' | `text ${number}`;

export function roleOf({ text, label }: Mapping, column: string): ColumnRole {
  if (column === label) return 'label';
  const at = text.indexOf(column);
  return at < 0 ? 'unused' : `text ${at}`;
}

/** The mapping with one column used otherwise. A column that takes another's place among the texts moves it up. */
export function withRole(mapping: Mapping, column: ColumnCard, role: ColumnRole): Mapping {
  const text = mapping.text.filter((name) => name !== column.name);
  const label = mapping.label === column.name ? null : mapping.label;
  if (role === 'label') return { text, label: column.name, names: namesFor(column) };
  const names = label === null ? {} : mapping.names;
  if (role === 'unused') return { text, label, names };
  const at = Math.min(Number(role.slice('text '.length)), text.length);
  return { text: [...text.slice(0, at), column.name, ...text.slice(at)].slice(0, MOST_TEXTS), label, names };
}

/** What is missing before the file can be used; null when nothing is. */
export function mappingProblem({ text, label, names }: Mapping): string | null {
  if (text.length === 0) return 'Say which column holds the text.';
  if (label === null) return 'Say which column holds the label.';
  const kept = Object.values(names).filter((name) => name !== null);
  if (kept.some((name) => name.trim() === '')) return 'Every value needs a name, or is left out.';
  if (new Set(kept.map((name) => name.trim())).size < kept.length)
    return 'Two values have the same name; give each its own.';
  return kept.length < 2 ? 'A label needs at least two values that are kept.' : null;
}

/** The task that a complete mapping makes; null while something is missing. */
export function customTask(
  mapping: Mapping,
  refs: { train: string; validation: string },
  maxLength: number,
): TaskData | null {
  if (mapping.label === null || mappingProblem(mapping) !== null) return null;
  const labels = Object.entries(mapping.names).flatMap(([value, name]) =>
    name === null ? [] : [name.trim() === value ? value : { value, name: name.trim() }],
  );
  const columns = { text: [...mapping.text], label: mapping.label };
  return { kind: 'task', task: 'custom', ...refs, maxLength, columns, labels };
}

/** Rows of the file that this mapping leaves out because of their label. */
export function rowsLeftOut({ label, names }: Mapping, columns: readonly ColumnCard[]): number {
  const values = columns.find(({ name }) => name === label)?.values ?? [];
  return values.reduce((sum, { value, rows }) => sum + ((names[value] ?? null) === null ? rows : 0), 0);
}
