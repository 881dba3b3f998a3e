import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Cleaner } from '../../data/cleaning/cleaner';
import { cleanFile, fileKind, type CleaningFile } from '../../data/cleaning/documents';
import { totalsOf, type CleaningReport } from '../../data/cleaning/report';
import { DUPLICATES, PAPER_CLEANING, type CleaningSettings } from '../../recipe/cleaning';
import { Written } from '../../data/cleaning/written';
import { DataError, RecipeError, SourceError } from '../../errors';
import { unescaped, type Arguments } from '../args';
import type { Command } from '../command';
import { writeChunks, writeJson } from '../write';

const CHUNK_BYTES = 1 << 16;

function settingsOf(args: Arguments): CleaningSettings {
  const asked = args.text('duplicates') ?? PAPER_CLEANING.duplicates;
  const duplicates = DUPLICATES.find((name) => name === asked);
  if (!duplicates) {
    throw new RecipeError(`--duplicates is ${JSON.stringify(asked)}`, `It can be ${DUPLICATES.join(', ')}.`);
  }
  return {
    html: !args.flag('keep-html'),
    sentences: !args.flag('lines'),
    minWords: args.number('min-words', { min: 0, integer: true }) ?? PAPER_CLEANING.minWords,
    maxSymbols: args.number('max-symbols', { min: 0, max: 1 }) ?? PAPER_CLEANING.maxSymbols,
    duplicates,
  };
}

const fileAt = (path: string): CleaningFile => ({
  name: basename(path),
  kind: fileKind(path) ?? 'text',
  chunks: createReadStream(path, { highWaterMark: CHUNK_BYTES }),
});

/** The files of a path, in the order of their names: itself, or what a folder and the folders in it hold. */
async function filesAt(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new SourceError(`cannot read ${path}`, 'There is no such file or folder.', { cause });
  });
  if (!found.isDirectory()) {
    if (fileKind(path) !== undefined) return [path];
    throw new DataError(
      `${basename(path)} cannot be cleaned`,
      'Bring .txt, .md, .jsonl, .ndjson, .html or .htm.',
    );
  }
  const names = (await readdir(path, { recursive: true }))
    .filter((name) => fileKind(name) !== undefined)
    .sort();
  if (names.length === 0) {
    throw new DataError(`${path} holds nothing to clean`, 'Bring .txt, .md, .jsonl, .ndjson, .html or .htm.');
  }
  return names.map((name) => join(path, name));
}

function lines(report: CleaningReport, out: string): string[] {
  const n = (value: number) => value.toLocaleString('en');
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `${out}: ${n(report.samplesIn)} samples, ${n(report.samplesOut)} left, ${percent(report.removedShare)} taken out; ${n(report.bytesIn)} bytes, ${n(report.bytesOut)} left`,
    ...report.steps.map(
      (step) =>
        `  ${step.step.padEnd(16)} ${n(step.samplesOut)} left, ${n(step.samplesIn - step.samplesOut)} taken out (${percent(step.removedShare)}), ${n(step.bytesOut)} bytes`,
    ),
  ];
}

export const clean: Command = {
  name: 'clean',
  usage: 'FILE --out FILE [--column NAME] [--report FILE]',
  summary: 'cleans a text as section 3.4 of the paper does, and reports what each step took out',
  positionals: 1,
  options: {
    out: { value: 'FILE', help: 'the cleaned text, .txt or .jsonl' },
    column: { value: 'NAME', help: 'the column of JSON lines that holds the text (default text)' },
    join: {
      value: 'TEXT',
      help: "of JSON lines whose rows are one text: what stands between them ('' or '\\n'); else each is a document",
    },
    report: {
      value: 'FILE',
      help: "the report with its examples (default: beside the text, 'FILE.report.json')",
    },
    'min-words': {
      value: 'N',
      help: `drop samples with fewer words (default ${PAPER_CLEANING.minWords}; 0: none)`,
    },
    'max-symbols': {
      value: 'SHARE',
      help: `drop samples with a greater share of symbols (default ${PAPER_CLEANING.maxSymbols}; 1: none)`,
    },
    duplicates: {
      value: DUPLICATES.join('|'),
      help: `what is the same (default ${PAPER_CLEANING.duplicates})`,
    },
    'keep-html': { help: 'leave markup as it is' },
    lines: { help: 'a sample is a line, not a sentence' },
  },
  async run({ args, out: say }) {
    const out = args.required('out', args.text('out'));
    const settings = settingsOf(args);
    const form = /\.(jsonl|ndjson)$/i.test(out) ? 'rows' : /\.(txt|md)$/i.test(out) ? 'text' : undefined;
    if (form === undefined)
      throw new RecipeError(`--out is ${JSON.stringify(out)}`, 'Name a .txt or .jsonl file.');
    const reportFile = args.text('report') ?? `${out}.report.json`;
    const paths = await filesAt(args.positionals[0]!);
    for (const target of [out, reportFile]) {
      if (paths.some((path) => resolve(path) === resolve(target))) {
        throw new RecipeError(`${target} is one of the files to be cleaned`, 'Choose another name.');
      }
    }
    const join = args.text('join');
    const table = {
      column: args.text('column') ?? 'text',
      join: join === undefined || join === 'off' ? undefined : unescaped(join),
    };
    const written = new Written(form);
    const cleaner = new Cleaner(settings, written);
    const encoder = new TextEncoder();
    // One file after the other; what a chunk leaves is on disk before the next one is read.
    async function* cleaned(): AsyncGenerator<Uint8Array> {
      for (const path of paths) {
        for await (const _ of cleanFile(cleaner, fileAt(path), table)) yield encoder.encode(written.take());
      }
    }
    await writeChunks(out, cleaned());
    const report = cleaner.report();
    await writeJson(reportFile, { ...report, files: paths.map((path) => basename(path)) });
    if (report.forgotten > 0) {
      say.note(
        `warning: duplicates far apart may have stayed: ${report.forgotten.toLocaleString('en')} samples had to be forgotten`,
      );
    }
    say.result({ out, report: reportFile, ...totalsOf(report) }, lines(report, out));
    return 0;
  },
};
