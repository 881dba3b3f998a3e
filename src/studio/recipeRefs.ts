/** What a recipe names, as what the session loads. Files and runs of an earlier visit are gone with it. Pure. */
import { partOf, type Source, type TextData } from '../recipe/data';
import { isHubSource, parseHubSource } from '../recipe/hubSource';
import type { ErrorReport, ModelRef, TextRef } from '../worker/protocol';

/** How a recipe names a model, as what `loadModel` takes. */
export function modelRefOf(name: unknown): ModelRef {
  const match = typeof name === 'string' ? /^hf:([^@]+)(?:@(.+))?$/.exec(name) : null;
  if (match?.[1]) return { kind: 'hub', repo: match[1], revision: match[2] };
  return { kind: 'demo' };
}

const DEMO = 'demo';
/** Files that were brought on the page, and files of the command line. */
const FILES = /^(text|file):/;

function hubName(source: string): string {
  try {
    const { repo, config } = parseHubSource(source);
    return config === undefined ? repo : `${repo}, ${config}`;
  } catch {
    // Written by hand, or by another version: the session says what is wrong with it.
    return source;
  }
}

/** The same of a text. Files stand there without their bytes: their name is all that a recipe keeps. */
export function textRefOf({ train, validation }: TextData, seed: number): TextRef {
  const named = (part: Source) => partOf(part).source;
  const sources = [named(train), named(validation)];
  const gone = sources.find((source) => source !== DEMO && !isHubSource(source));
  if (gone !== undefined) return { kind: 'files', name: gone.replace(FILES, ''), files: [] };
  const hub = sources.find(isHubSource);
  return hub === undefined ? { kind: 'demo' } : { kind: 'hub', name: hubName(hub), train, validation, seed };
}

/** What there is to say of files that a recipe names and nobody has brought in this visit. */
export const filesAreGone = (name: string): ErrorReport => ({
  name: 'DataError',
  message: `the recipe’s text ${name} is a file, and a page does not keep files from visit to visit`,
  hint: 'Drop or choose it again, or take another text',
  input: true,
});
