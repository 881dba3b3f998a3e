/** What the columns of a table hold, for somebody who says which of them is what. */
import type { Table } from './tables';

/** A value of a column and how many rows have it; the empty value is "". */
export interface ColumnValue {
  value: string;
  rows: number;
}

export interface ColumnCard {
  name: string;
  /** The first values as text, shortened. */
  first: string[];
  kind: 'text' | 'number' | 'other';
  /** Of numbers the least and the greatest; of texts how many words they have. Null where every row is empty. */
  least: number | null;
  most: number | null;
  /** Rows without a value. */
  empty: number;
  /** Its values, most frequent first; null where there are more than a label has. Case and blanks at the ends make no difference. */
  values: ColumnValue[] | null;
}

/** A table that somebody brought. */
export interface RowsCard {
  /** The name that a recipe's `data.train` and `data.validation` use for it. */
  ref: string;
  name: string;
  rows: number;
  columns: ColumnCard[];
}

const FIRST_VALUES = 4;
const MOST_CHARACTERS = 60;
/** More than anybody would give names to. */
const MOST_VALUES = 40;

const shorten = (text: string) =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1).trimEnd()}…` : text;

/** As `readExamples` compares labels. */
const keyOf = (text: string) => text.trim().toLowerCase();

/** A value as text; null for lists and objects. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? null : JSON.stringify(value);
}

/** Gathers one column, row by row. */
class ColumnSummary {
  private readonly first: string[] = [];
  private readonly values = new Map<string, ColumnValue>();
  private isText = true;
  private isNumber = true;
  private empty = 0;
  private words: [number, number] = [Infinity, -Infinity];
  private numbers: [number, number] = [Infinity, -Infinity];

  constructor(private readonly name: string) {}

  add(value: unknown): void {
    const plain = textOf(value);
    const text = plain ?? (Array.isArray(value) ? '[…]' : '{…}');
    if (this.first.length < FIRST_VALUES) this.first.push(shorten(text));
    this.count(text);
    if (text.trim() === '') {
      this.empty++;
      return;
    }
    if (plain === null) this.isText = this.isNumber = false;
    const words = text.trim().split(/\s+/).length;
    this.words = [Math.min(this.words[0], words), Math.max(this.words[1], words)];
    const number = Number(text);
    if (!Number.isFinite(number)) this.isNumber = false;
    this.numbers = [Math.min(this.numbers[0], number), Math.max(this.numbers[1], number)];
  }

  private count(text: string): void {
    if (this.values.size > MOST_VALUES) return;
    const key = keyOf(text);
    const known = this.values.get(key);
    if (known) known.rows++;
    else this.values.set(key, { value: text.trim(), rows: 1 });
  }

  card(): ColumnCard {
    const [least, most] = this.isNumber ? this.numbers : this.words;
    const values = [...this.values.values()].sort((a, b) => b.rows - a.rows);
    return {
      name: this.name,
      first: this.first,
      kind: this.isNumber && least !== Infinity ? 'number' : this.isText ? 'text' : 'other',
      least: Number.isFinite(least) ? least : null,
      most: Number.isFinite(most) ? most : null,
      empty: this.empty,
      values: values.length > MOST_VALUES ? null : values,
    };
  }
}

/** Looks at every row; columns stand in the order in which they first come. */
export function describeColumns({ rows }: Pick<Table, 'rows'>): ColumnCard[] {
  const names = new Set<string>();
  for (const { fields } of rows) for (const name in fields) names.add(name);
  return [...names].map((name) => {
    const summary = new ColumnSummary(name);
    for (const { fields } of rows) summary.add(fields[name]);
    return summary.card();
  });
}
