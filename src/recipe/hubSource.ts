/**
 * How a recipe names a part of a data set of the Hugging Face Hub:
 *   hf:owner/dataset[/config][@revision]:split[:column]
 * A revision may hold slashes (`refs/convert/parquet`), a column colons; the column is that of a text and `text` when
 * missing.
 */
import { RecipeError } from '../errors';

export interface HubSource {
  /** `owner/dataset` */
  readonly repo: string;
  /** Undefined: the only one, or the one named `default`. */
  readonly config?: string | undefined;
  /** Branch, tag or commit; `main` when undefined. */
  readonly revision?: string | undefined;
  readonly split: string;
  readonly column?: string | undefined;
}

const NAME = '[\\w-][\\w.-]*';
const SOURCE = new RegExp(
  `^hf:(?<repo>${NAME}/${NAME})(?:/(?<config>[\\w.+-]+))?(?:@(?<revision>[^:\\s]+))?:(?<split>[\\w.+-]+)(?::(?<column>.+))?$`,
);
const EXAMPLE = 'hf:Salesforce/wikitext/wikitext-2-raw-v1:train';

export const isHubSource = (source: string): boolean => source.startsWith('hf:');

/** Names without an owner, which the Hub served once, and where those data sets are now. */
const MOVED: Readonly<Record<string, string>> = {
  wikitext: 'Salesforce/wikitext',
  openwebtext: 'Skylion007/openwebtext',
  glue: 'nyu-mll/glue',
  super_glue: 'aps/super_glue',
  superglue: 'aps/super_glue',
  tinystories: 'roneneldan/TinyStories',
};

/** Throws RecipeError for a data set without an owner, with the right name where it is known. */
export function checkDatasetName(repo: string): void {
  if (new RegExp(`^${NAME}/${NAME}$`).test(repo)) return;
  const moved = Object.hasOwn(MOVED, repo.toLowerCase()) ? MOVED[repo.toLowerCase()] : undefined;
  throw new RecipeError(
    `${JSON.stringify(repo)} is not the name of a data set: it lacks its owner`,
    moved ? `It is called ${moved} now.` : 'A name looks like Salesforce/wikitext.',
  );
}

/** Throws RecipeError for what is not of this form. */
export function parseHubSource(source: string): HubSource {
  const found = SOURCE.exec(source)?.groups;
  if (found) {
    const { repo, config, revision, split, column } = found;
    return { repo: repo!, split: split!, config, revision, column };
  }
  const place = source.slice('hf:'.length).split(/[@:]/, 1)[0]!;
  checkDatasetName(place.split('/').slice(0, 2).join('/'));
  throw new RecipeError(
    source.includes(':', 'hf:'.length)
      ? `${JSON.stringify(source)} does not name a part of a data set`
      : `${JSON.stringify(source)} does not say which split`,
    `Write hf:owner/dataset/config:split:column, such as ${EXAMPLE}; config and column may be left out.`,
  );
}

/** The other way round. */
export function formatHubSource({ repo, config, revision, split, column }: HubSource): string {
  const place = `${repo}${config === undefined ? '' : `/${config}`}${revision === undefined ? '' : `@${revision}`}`;
  return `hf:${place}:${split}${column === undefined ? '' : `:${column}`}`;
}
