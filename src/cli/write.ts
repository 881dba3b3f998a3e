/** Files that a command leaves behind. A file appears under its name only when it is complete. */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RecipeError } from '../errors';

export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}

/** The same for a file that comes in chunks, each used before the next one is asked for. */
export async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
  const file = await open(temporary, 'w');
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

export const writeJson = (path: string, value: unknown) =>
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);

/** Writes a model's files into a folder. */
export async function writeFiles(
  folder: string,
  files: readonly { name: string; bytes: Uint8Array }[],
): Promise<void> {
  for (const { name, bytes } of files) await writeWhole(join(folder, name), bytes);
}

/** Throws RecipeError when a result would be written over what it is made from. */
export function refuseOverwriting(out: string, source: string): void {
  if (resolve(out) === resolve(source)) {
    throw new RecipeError(`--out ${out} is the model's own folder`, 'Choose another folder.');
  }
}
