/**
 * The text of HTML in reading order, by htmlparser2: entities decoded, one line a block, `pre` as it stands. Scripts,
 * styles, what is hidden and what HTML itself marks as navigation are left out, and so are blocks that are mostly links.
 * Streams: whatever is written may stop anywhere.
 */
import { Parser } from 'htmlparser2';

const words = (text: string) => new Set(text.trim().split(/\s+/));

const BLOCKS = words(`
  address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure
  footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav ol option optgroup p pre section select
  summary table tbody tfoot thead title tr ul`);

/** No text for a reader in them, in any document. */
const CODE = words(
  'script style template noscript svg math iframe object audio video canvas noembed noframes',
);

/** Around the text of a page, not in it. */
const AROUND = words('nav aside footer menu dialog title select button textarea datalist');
const AROUND_ROLES = words('navigation banner contentinfo complementary search dialog menu menubar toolbar');

/** Blocks whose letters are more than half links are lists of links. */
const MOST_LINKED = 0.5;

export interface PageListener {
  /** Something with text was left out. */
  dropped(text: string, reason: string): void;
}

export class PageText {
  private readonly parser: Parser;
  private done = '';
  private line = '';
  private linked = 0;
  private links = 0;
  private preformatted = 0;
  private articles = 0;
  /** Depth inside an element that is left out. */
  private skipped = 0;
  private skippedText = '';
  private reason = '';

  constructor(private readonly listener: PageListener) {
    this.parser = new Parser(
      {
        onopentag: (name, attributes) => this.open(name, attributes),
        onclosetag: (name) => this.close(name),
        ontext: (text) => this.text(text),
      },
      { decodeEntities: true },
    );
  }

  write(html: string): void {
    this.parser.write(html);
  }

  /** The lines that are complete. */
  take(): string {
    const text = this.done;
    this.done = '';
    return text;
  }

  end(): string {
    this.parser.end();
    this.endLine();
    return this.take();
  }

  private open(name: string, attributes: Record<string, string>): void {
    if (this.skipped > 0) {
      this.skipped++;
      return;
    }
    const reason = this.whySkip(name, attributes);
    if (BLOCKS.has(name) || reason !== undefined) this.endLine();
    if (reason !== undefined) {
      this.skipped = 1;
      this.skippedText = '';
      this.reason = reason;
    } else if (name === 'a') this.links++;
    else if (name === 'pre') this.preformatted++;
    else if (name === 'article' || name === 'main') this.articles++;
    else if (name === 'td' || name === 'th') this.line += ' ';
  }

  private whySkip(name: string, attributes: Record<string, string>): string | undefined {
    if (CODE.has(name) || AROUND.has(name)) return name;
    if (name === 'header' && this.articles === 0) return name;
    if (name === 'body' || name === 'html') return undefined;
    const { role = '', style = '' } = attributes;
    if (AROUND_ROLES.has(role)) return `role ${role}`;
    const hidden =
      'hidden' in attributes || attributes['aria-hidden'] === 'true' || /display\s*:\s*none/i.test(style);
    return hidden ? 'hidden' : undefined;
  }

  private close(name: string): void {
    if (this.skipped > 0) {
      this.skipped--;
      if (this.skipped === 0 && this.skippedText.trim() !== '') {
        this.listener.dropped(this.skippedText, this.reason);
      }
      return;
    }
    if (name === 'a') this.links = Math.max(0, this.links - 1);
    else if (name === 'pre') this.preformatted = Math.max(0, this.preformatted - 1);
    else if (name === 'article' || name === 'main') this.articles = Math.max(0, this.articles - 1);
    if (BLOCKS.has(name)) this.endLine();
  }

  private text(text: string): void {
    if (this.skipped > 0) {
      // Enough for an example.
      if (this.skippedText.length < 1000) this.skippedText += text;
      return;
    }
    const flowed = this.preformatted > 0 ? text : text.replace(/\s+/g, ' ');
    if (this.links > 0) this.linked += flowed.length;
    this.line += flowed;
  }

  private endLine(): void {
    const { line, linked } = this;
    this.line = '';
    this.linked = 0;
    if (line.trim() === '') return;
    if (linked > MOST_LINKED * line.trim().length) this.listener.dropped(line, 'links');
    else this.done += `${line}\n`;
  }
}
