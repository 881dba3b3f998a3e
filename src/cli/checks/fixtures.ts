/** Reads a folder of reference fixtures (fixtures/README.md). */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../errors';
import { openCheckpoint } from '../../io/checkpoint';
import { decodeFloats } from '../../io/floats';
import { readHeader, readTensor } from '../../io/safetensors';
import { fileSource, folderFileSet } from '../../io/source.node';
import { parseConfig } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { loadParams } from '../../model/params';

export interface FixtureTensor {
  shape: readonly number[];
  values: Float32Array;
}

export interface Fixtures {
  json<T>(name: string): Promise<T>;
  /** All tensors of `name.safetensors`, by name. Throws DataError when one that is asked for is not there. */
  tensors(name: string): Promise<(tensor: string) => FixtureTensor>;
  /** The names of `name.safetensors`. */
  names(name: string): Promise<string[]>;
  /** Blocks of the checkpoint in `folder`; the caller disposes its parameters. */
  model(folder: string, layers?: readonly number[], trainable?: boolean): Promise<Model>;
}

async function readAll(path: string): Promise<Map<string, FixtureTensor>> {
  const source = await fileSource(path);
  const tensors = new Map<string, FixtureTensor>();
  for (const [name, range] of (await readHeader(source)).tensors) {
    if (range.dtype !== 'F32') continue;
    const { bytes } = await readTensor(source, range);
    tensors.set(name, { shape: range.shape, values: decodeFloats('F32', bytes) });
  }
  return tensors;
}

/** Throws DataError when the folder holds no fixtures. */
export function openFixtures(folder: string): Fixtures {
  if (!existsSync(join(folder, 'forward.json'))) {
    throw new DataError(
      `${folder} holds no fixtures: there is no forward.json`,
      'Give the folder with --fixtures.',
    );
  }
  const files = new Map<string, Promise<Map<string, FixtureTensor>>>();
  const file = (name: string) => {
    const known = files.get(name) ?? readAll(join(folder, `${name}.safetensors`));
    files.set(name, known);
    return known;
  };
  return {
    json: async <T>(name: string) => JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as T,
    names: async (name) => [...(await file(name)).keys()],
    async tensors(name) {
      const all = await file(name);
      return (tensor) => {
        const found = all.get(tensor);
        if (!found) throw new DataError(`${name}.safetensors of the fixtures has no ${tensor}`);
        return found;
      };
    },
    async model(name, layers, trainable = true) {
      const checkpoint = await openCheckpoint(await folderFileSet(join(folder, name)));
      const config = parseConfig(checkpoint.config);
      const params = await loadParams(checkpoint, config, layers, { trainable });
      return { config: { ...config, nLayer: layers?.length ?? config.nLayer }, params };
    },
  };
}
