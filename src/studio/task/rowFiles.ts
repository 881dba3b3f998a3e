/** Which of somebody's files is which part of a task. Pure. */

export type RowPart = 'train' | 'validation' | 'validationMismatched';

/** `train-00000-of-00002.parquet`, `dev_matched.tsv`, `validation.jsonl`; null where the name says nothing. */
export function partOfName(name: string): RowPart | null {
  const lower = name.toLowerCase();
  if (/mismatched/.test(lower)) return 'validationMismatched';
  if (/(^|[^a-z])train/.test(lower)) return 'train';
  return /(^|[^a-z])(dev|valid|val)/.test(lower) ? 'validation' : null;
}

/** Files of a task by part, as their names say; one file alone goes where `fallback` says. Test files, which have no labels, are left. */
export function assignFiles<T extends { name: string }>(
  files: readonly T[],
  hasMismatched: boolean,
  fallback: RowPart,
): Partial<Record<RowPart, T[]>> {
  const parts: Partial<Record<RowPart, T[]>> = {};
  for (const file of files) {
    const said = partOfName(file.name) ?? (files.length === 1 ? fallback : null);
    if (said === null) continue;
    const part = said === 'validationMismatched' && !hasMismatched ? 'validation' : said;
    (parts[part] ??= []).push(file);
  }
  return parts;
}
