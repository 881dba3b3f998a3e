/** Parquet files for tests, in every codec that can be written here. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';

/** A Zstandard frame (RFC 8878) that stores its bytes in raw blocks: Node 20 unpacks none and packs none. */
function zstdStored(bytes: Uint8Array): Uint8Array {
  const blocks: Buffer[] = [];
  const most = 1 << 17;
  for (let start = 0; start === 0 || start < bytes.length; start += most) {
    const block = bytes.subarray(start, start + most);
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (start + most >= bytes.length ? 1 : 0), 0, 3);
    blocks.push(header, Buffer.from(block));
  }
  // Magic number; a descriptor that says: one segment, content size in four bytes.
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 5);
  return Buffer.concat([head, ...blocks]);
}

export const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'ZSTD', 'BROTLI'] as const;

export interface ParquetShape {
  codec?: (typeof CODECS)[number];
  /** Rows in a row group. */
  rowGroupSize?: number;
}

/** A Parquet file of these columns. */
export function parquetBytes(
  columns: ColumnSource[],
  { codec = 'SNAPPY', rowGroupSize = 1000 }: ParquetShape = {},
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns,
      codec,
      rowGroupSize,
      compressors: {
        GZIP: (bytes) => gzipSync(bytes),
        ZSTD: zstdStored,
        BROTLI: (bytes) => brotliCompressSync(bytes),
      },
    }),
  );
}
