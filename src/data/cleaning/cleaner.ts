/**
 * The cleaner: documents go in piece by piece, what is left of them comes out in order. A sample is a sentence (or a
 * line). Neighbours that stay keep what stood between them; where something went a new line begins, so that the rest is
 * cut into the same sentences again. Memory is bounded by a block of text and the hashes of duplicates.
 */
import { hash64, HashSet64, MOST_SLOTS, type Hash64 } from './hashes';
import { isOnlyMarkup, looksLikePage, markupIn, mayHoldMarkup, stripMarkup } from './markup';
import { measure, utf8Length, type Measure } from './measure';
import { NearDuplicates } from './nearDuplicates';
import { PageText } from './pageText';
import { chainSteps, Examples, share, StepCount, type CleaningReport, type StepName } from './report';
import { collapse, neutralise, normalise, sentencesOf } from './sentences';
import type { CleaningSettings } from '../../recipe/cleaning';
import { checkCleaning } from './settings';

/** Where the cleaned text goes. A document of which nothing is left is not begun. */
export interface TextSink {
  begin(): void;
  text(piece: string): void;
  end(): void;
}

/** `page`: HTML; `text`: HTML only where it looks like it. */
export type DocumentKind = 'page' | 'text';

/** Characters after which a block ends with the next line, and at which it ends in any case. */
const BLOCK = 1 << 18;
const LONGEST_LINE = 1 << 20;

/** Where the first block of a text ends, or -1 when more of it must be seen: it depends on the text alone. */
function blockEnd(text: string): number {
  const line = text.indexOf('\n', BLOCK);
  if (line >= 0 && line < LONGEST_LINE) return line + 1;
  if (text.length <= LONGEST_LINE) return -1;
  const cuts = ['. ', ' '].map((cut) => text.lastIndexOf(cut, LONGEST_LINE - cut.length) + cut.length);
  const cut = cuts.find((end) => end >= BLOCK);
  if (cut !== undefined) return cut;
  return (text.charCodeAt(LONGEST_LINE - 1) & 0xfc00) === 0xd800 ? LONGEST_LINE - 1 : LONGEST_LINE;
}

export class Cleaner {
  private readonly counts: readonly StepCount[];
  private readonly byName = new Map<StepName, StepCount>();
  private readonly seen: HashSet64;
  private readonly near: NearDuplicates;
  private readonly changedExamples = new Examples();
  private readonly size: Measure = { words: 0, symbols: 0, characters: 0, bytes: 0 };
  private readonly hash: Hash64 = [0, 0];
  private loaded = { samples: 0, bytes: 0 };
  private bytesOut = 0;
  private samplesOut = 0;
  private changed = 0;
  private documentsIn = 0;
  private documentsOut = 0;
  // The open document.
  private waiting = '';
  private kind: DocumentKind | undefined;
  private page: PageText | undefined;
  private pageLines = '';
  private begun = false;
  private separator = '';

  constructor(
    private readonly settings: CleaningSettings,
    private readonly sink: TextSink,
  ) {
    const { html, minWords, maxSymbols, duplicates } = checkCleaning(settings);
    // Two sets share the memory of one.
    const slots = duplicates === 'near' ? MOST_SLOTS / 2 : MOST_SLOTS;
    this.seen = new HashSet64(slots);
    this.near = new NearDuplicates(slots);
    const on: Record<StepName, boolean> = {
      html,
      short: minWords > 0,
      symbols: maxSymbols < 1,
      duplicates: duplicates !== 'off',
      'near-duplicates': duplicates === 'near',
    };
    for (const step of Object.keys(on) as StepName[])
      if (on[step]) this.byName.set(step, new StepCount(step));
    this.counts = [...this.byName.values()];
  }

  begin(kind: DocumentKind): void {
    this.documentsIn++;
    this.waiting = '';
    this.kind = kind === 'page' && this.settings.html ? 'page' : undefined;
    this.page = undefined;
    this.pageLines = '';
    this.begun = false;
    this.separator = '';
  }

  write(text: string): void {
    this.waiting += text;
    for (let end = blockEnd(this.waiting); end >= 0; end = blockEnd(this.waiting)) {
      const block = this.waiting.slice(0, end);
      this.waiting = this.waiting.slice(end);
      this.block(block, false);
    }
  }

  end(): void {
    this.block(this.waiting, true);
    this.waiting = '';
    if (!this.begun) return;
    this.documentsOut++;
    this.sink.end();
  }

  report(): CleaningReport {
    const { loaded, samplesOut, bytesOut } = this;
    return {
      settings: this.settings,
      documentsIn: this.documentsIn,
      documentsOut: this.documentsOut,
      samplesIn: loaded.samples,
      samplesOut,
      bytesIn: loaded.bytes,
      bytesOut,
      removedShare: share(samplesOut, loaded.samples),
      forgotten: this.seen.forgotten + this.near.forgotten,
      changed: this.changed,
      changedExamples: this.changedExamples.list,
      steps: chainSteps(this.counts, loaded),
    };
  }

  private readonly dropped = (text: string, reason: string): void => {
    this.loaded.samples++;
    this.byName.get('html')!.examples.offer(() => ({ text: collapse(text), reason }));
  };

  private block(block: string, last: boolean): void {
    this.loaded.bytes += utf8Length(block);
    this.kind ??= this.settings.html && looksLikePage(block) ? 'page' : 'text';
    if (this.kind === 'text') {
      this.text(normalise(block));
      return;
    }
    this.page ??= new PageText({ dropped: this.dropped });
    this.page.write(block);
    this.pageLines += last ? this.page.end() : this.page.take();
    for (let end = blockEnd(this.pageLines); end >= 0; end = blockEnd(this.pageLines)) {
      const lines = this.pageLines.slice(0, end);
      this.pageLines = this.pageLines.slice(end);
      this.text(normalise(lines));
    }
    if (!last) return;
    this.text(normalise(this.pageLines));
    this.pageLines = '';
  }

  private text(block: string): void {
    const text = this.settings.html && mayHoldMarkup(block) ? this.strip(block) : block;
    const lines = neutralise(text).split('\n');
    // What follows the last line end is the start of the next block's first line only when a long line was cut.
    if (lines.at(-1) === '') lines.pop();
    for (const line of lines) this.line(collapse(line));
  }

  private strip(block: string): string {
    let text = normalise(stripMarkup(block, this.dropped));
    if (text === block) return block;
    for (const line of block.split('\n')) {
      if (!mayHoldMarkup(line)) continue;
      if (isOnlyMarkup(line)) this.dropped(line, 'nothing left');
      else this.noteChange(line);
    }
    // Decoding may bring control characters, and their going may bring tags.
    let before: string;
    do {
      before = text;
      text = normalise(stripMarkup(before, this.dropped));
    } while (text !== before);
    return text;
  }

  private noteChange(line: string): void {
    const reason = markupIn(line);
    if (reason === '') return;
    this.changed++;
    this.changedExamples.offer(() => ({ text: line.trim(), after: collapse(stripMarkup(line)), reason }));
  }

  private line(line: string): void {
    if (line === '') {
      this.separator = '\n\n';
      return;
    }
    if (this.settings.sentences) for (const sentence of sentencesOf(line)) this.sample(sentence);
    else this.sample(line);
    this.breakLine();
  }

  private breakLine(): void {
    if (this.separator !== '\n\n') this.separator = '\n';
  }

  private sample(segment: string): void {
    const text = segment.trim();
    if (text === '') return;
    this.loaded.samples++;
    measure(text, this.size);
    if (!this.stays(text)) {
      this.breakLine();
      return;
    }
    if (!this.begun) this.sink.begin();
    const separator = this.begun ? this.separator : '';
    this.begun = true;
    this.sink.text(separator + text);
    this.samplesOut++;
    this.bytesOut += this.size.bytes;
    this.separator = segment.endsWith(' ') ? ' ' : '';
  }

  private stays(text: string): boolean {
    const { words, symbols, characters, bytes } = this.size;
    const { minWords, maxSymbols, duplicates } = this.settings;
    const html = this.byName.get('html');
    html?.pass(bytes);
    const short = this.byName.get('short');
    if (short) {
      if (words < minWords) return this.drop(short, text, `${words} ${words === 1 ? 'word' : 'words'}`);
      short.pass(bytes);
    }
    const symbol = this.byName.get('symbols');
    if (symbol) {
      if (symbols > maxSymbols * characters) {
        return this.drop(symbol, text, `${Math.round((100 * symbols) / characters)} % symbols`);
      }
      symbol.pass(bytes);
    }
    const duplicate = this.byName.get('duplicates');
    if (duplicate) {
      const key = duplicates === 'exact' ? text : text.toLowerCase().replaceAll(' ', '');
      if (!this.seen.add(hash64(key, this.hash))) return this.drop(duplicate, text, 'seen before');
      duplicate.pass(bytes);
    }
    const near = this.byName.get('near-duplicates');
    if (near) {
      if (!this.near.add(text)) return this.drop(near, text, 'like one seen before');
      near.pass(bytes);
    }
    return true;
  }

  private drop(step: StepCount, text: string, reason: string): false {
    step.examples.offer(() => ({ text, reason }));
    return false;
  }
}
