/**
 * GPT-2 writes the 256 bytes as 256 printable characters, so that its vocabulary files are plain text: printable
 * Latin-1 stays itself, the other 68 bytes become U+0100, U+0101, ... in order.
 * Source: `bytes_to_unicode` of the GPT-2 release (github.com/openai/gpt-2, encoder.py).
 */
function alphabet(): string[] {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** The character of each byte. */
export const BYTE_CHARS: readonly string[] = alphabet();
const BYTE_OF_CHAR = new Map(BYTE_CHARS.map((char, byte) => [char, byte]));

/** Bytes to GPT-2's characters. */
export function bytesToChars(bytes: Iterable<number>): string {
  let chars = '';
  for (const byte of bytes) chars += BYTE_CHARS[byte]!;
  return chars;
}

/** GPT-2's characters to bytes; null when one of them is not of the alphabet, as in `<|endoftext|> `. */
export function charsToBytes(chars: string): Uint8Array | null {
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) {
    const byte = BYTE_OF_CHAR.get(chars[i]!);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

// Without ignoreBOM a text that starts with U+FEFF would lose it.
const lossy = () => new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Text of a token sequence that arrives one by one; characters whose bytes are not complete yet are held back. */
export interface StreamDecoder {
  push(id: number): string;
  /** What was held back, as replacement characters. */
  end(): string;
}

/** From token ids to text by the bytes of each token; ids without bytes give nothing. */
export class ByteDecoder {
  readonly #bytesOf: (id: number) => Uint8Array | undefined;

  constructor(bytesOf: (id: number) => Uint8Array | undefined) {
    this.#bytesOf = bytesOf;
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    let length = 0;
    for (let i = 0; i < ids.length; i++) length += this.#bytesOf(ids[i]!)?.length ?? 0;
    const joined = new Uint8Array(length);
    let offset = 0;
    for (let i = 0; i < ids.length; i++) {
      const bytes = this.#bytesOf(ids[i]!);
      if (!bytes) continue;
      joined.set(bytes, offset);
      offset += bytes.length;
    }
    return lossy().decode(joined);
  }

  /** The text of one token; a part of a character is written as its bytes: `\xF0\x9F`. */
  tokenText(id: number): string {
    const bytes = this.#bytesOf(id);
    if (!bytes) return '';
    try {
      return strict.decode(bytes);
    } catch {
      return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
    }
  }

  stream(): StreamDecoder {
    const decoder = lossy();
    const empty = new Uint8Array(0);
    return {
      push: (id) => decoder.decode(this.#bytesOf(id) ?? empty, { stream: true }),
      end: () => decoder.decode(),
    };
  }
}
