/** A text that is cleaned while it is read: what stays of every document, in the same order. */
import type { CleaningSettings } from '../../recipe/cleaning';
import type { DocumentPiece, DocumentSource } from '../documents';
import { Cleaner, type TextSink } from './cleaner';
import type { CleaningReport } from './report';

/** Part of the key of what was cleaned; a cleaner that gives other text needs another number. */
const CLEANER_VERSION = 1;

export interface CleanedSource extends DocumentSource {
  /** Of the latest `documents` that has ended. */
  readonly report: CleaningReport | undefined;
}

/** Collects what the cleaner leaves as pieces of documents. */
export class PieceSink implements TextSink {
  private pieces: DocumentPiece[] = [];
  private open: string[] = [];

  begin(): void {
    this.open = [];
  }

  text(piece: string): void {
    this.open.push(piece);
  }

  end(): void {
    this.pieces.push({ text: this.open.join('') });
    this.open = [];
  }

  /** What has come since the last call; of a document that is not over, what is known of it. */
  take(): readonly DocumentPiece[] {
    const { pieces } = this;
    if (this.open.length > 0) pieces.push({ text: this.open.join(''), continues: true });
    this.open = [];
    this.pieces = [];
    return pieces;
  }
}

/** The documents of a source, cleaned. Documents of which nothing stays are left out. */
export function cleanedSource(source: DocumentSource, settings: CleaningSettings): CleanedSource {
  let report: CleaningReport | undefined;
  return {
    name: source.name,
    key: `${source.key} cleaned ${CLEANER_VERSION} ${JSON.stringify(settings)}`,
    share: source.share,
    get warnings() {
      const forgotten = report?.forgotten ?? 0;
      if (forgotten === 0) return source.warnings;
      const count = forgotten.toLocaleString('en');
      return [
        ...source.warnings,
        `Duplicates far apart may have stayed in ${source.name}: ${count} samples had to be forgotten.`,
      ];
    },
    get progress() {
      return source.progress;
    },
    get report() {
      return report;
    },
    async *documents(signal) {
      const sink = new PieceSink();
      const cleaner = new Cleaner(settings, sink);
      let within = false;
      for await (const pieces of source.documents(signal)) {
        for (const { text, continues } of pieces) {
          if (!within) cleaner.begin('text');
          cleaner.write(text);
          within = continues === true;
          if (!within) cleaner.end();
        }
        const left = sink.take();
        if (left.length > 0) yield left;
      }
      report = cleaner.report();
    },
  };
}
