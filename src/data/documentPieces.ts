/** Parts of documents as they are read, put into pieces that can be passed on. */
import type { DocumentPiece } from './documents';

/** Characters up to which small parts become one piece, so that the lines of a text are not a piece each. */
const SMALL = 1 << 16;

/** Turns the parts of documents into pieces; a document of white space alone gives none. */
export class Pieces {
  private pieces: DocumentPiece[] = [];
  /** White space that the open document begins with, until there is more. */
  private blank = '';
  /** The open document's last text, which becomes a piece when it is known whether more follows. */
  private last: string | undefined;

  part(text: string): void {
    if (text === '') return;
    if (this.last === undefined) {
      this.blank += text;
      if (text.trim() === '') return;
      this.last = this.blank;
      this.blank = '';
    } else if (this.last.length + text.length <= SMALL) this.last += text;
    else {
      this.pieces.push({ text: this.last, continues: true });
      this.last = text;
    }
  }

  end(): void {
    if (this.last !== undefined) this.pieces.push({ text: this.last });
    this.last = undefined;
    this.blank = '';
  }

  take(): readonly DocumentPiece[] {
    const taken = this.pieces;
    this.pieces = [];
    return taken;
  }
}
