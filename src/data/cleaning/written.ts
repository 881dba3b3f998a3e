/** Cleaned documents as a file's text: a text with borders between the documents, or one JSON object a line with the column `text`. */
import { END_OF_TEXT } from '../pieces';
import type { TextSink } from './cleaner';

export type WrittenForm = 'text' | 'rows';

/** Collects what is to be written until it is taken. */
export class Written implements TextSink {
  private pending: string[] = [];
  private documents = 0;

  constructor(private readonly form: WrittenForm) {}

  begin(): void {
    const border = this.documents++ > 0 ? `${END_OF_TEXT}\n` : '';
    this.pending.push(this.form === 'text' ? border : '{"text":"');
  }

  text(piece: string): void {
    this.pending.push(this.form === 'text' ? piece : JSON.stringify(piece).slice(1, -1));
  }

  end(): void {
    this.pending.push(this.form === 'text' ? '\n' : '"}\n');
  }

  take(): string {
    const text = this.pending.join('');
    this.pending = [];
    return text;
  }
}
