/** Text of any size for benches: sentences of the demo's in new order, so that no document is there twice. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { streamOf } from '../src/data/corpus';
import { decodeDocuments, loadDemoTokenizer, readDemoIds } from '../src/data/demo';
import { fileSource, folderFileSet } from '../src/io/source.node';
import { randomStream } from '../src/random';

export const demoFolder = join(process.cwd(), 'public', 'demo');

export const demoTokenizer = async () => loadDemoTokenizer(await folderFileSet(join(demoFolder, 'teacher')));

/** Documents of 1 to 4 kB, `<|endoftext|>` between them. */
export async function generateText(path: string, megabytes: number): Promise<void> {
  const own = await demoTokenizer();
  const files = {
    name: 'demo',
    list: () => Promise.resolve([]),
    open: (name: string) => fileSource(join(demoFolder, name)),
  };
  const stream = streamOf(await readDemoIds(files, 'train'), own.endOfText);
  const sentences = [...decodeDocuments(stream, own)].flatMap((text) => text.split(/(?<=[.!?]\s)/));
  const random = randomStream(1, 'bench text');
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < megabytes * 1e6;) {
      const documents: string[] = [];
      for (let size = 0; size < 4e6;) {
        const wanted = 1000 + random.below(3000);
        let text = '';
        while (text.length < wanted) text += sentences[random.below(sentences.length)]!;
        documents.push(text);
        size += text.length;
      }
      written += (await file.write(`${documents.join('<|endoftext|>')}<|endoftext|>`)).bytesWritten;
    }
  } finally {
    await file.close();
  }
}
