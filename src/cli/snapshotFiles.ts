/**
 * A snapshot on the disk: `state.json` and the arrays it refers to in `tensors.safetensors`. Written beside, then
 * renamed; the generation before stays as `snapshot.previous`, so that a full disk or a power cut leaves one.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../errors';
import { decodeFloats } from '../io/floats';
import { layOut, readHeader, readTensor } from '../io/safetensors';
import { fileSource } from '../io/source.node';
import type { TrainingSnapshot } from '../train/snapshot';
import type { SnapshotStore } from '../worker/platform';
import { writeChunks } from './write';

const STATE = 'state.json';
const TENSORS = 'tensors.safetensors';

interface TensorLink {
  tensor: string;
}

const isLink = (value: unknown): value is TensorLink =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'tensor';

/** Plain data with links in place of arrays, and the arrays by link. NaN becomes null, as JSON has none. */
function pack(snapshot: TrainingSnapshot): { state: string; tensors: Map<string, Float32Array> } {
  const tensors = new Map<string, Float32Array>();
  const state = JSON.stringify(snapshot, (_key, value: unknown) => {
    if (!(value instanceof Float32Array)) return value;
    const tensor = `t${tensors.size}`;
    tensors.set(tensor, value);
    return { tensor } satisfies TensorLink;
  });
  return { state, tensors };
}

/** A safetensors file of these arrays, without a copy of them. */
async function* fileOf(tensors: ReadonlyMap<string, Float32Array>): AsyncGenerator<Uint8Array> {
  const specs = [...tensors].map(([name, { length }]) => [name, { dtype: 'F32', shape: [length] }] as const);
  yield layOut(new Map(specs), {}).head;
  for (const { buffer, byteOffset, byteLength } of tensors.values())
    yield await Promise.resolve(new Uint8Array(buffer, byteOffset, byteLength));
}

async function unpack(folder: string): Promise<TrainingSnapshot> {
  const source = await fileSource(join(folder, TENSORS));
  const header = await readHeader(source);
  const arrays = new Map<string, Float32Array>();
  for (const [name, range] of header.tensors) {
    const { bytes } = await readTensor(source, range);
    arrays.set(name, decodeFloats('F32', bytes));
  }
  const text = await readFile(join(folder, STATE), 'utf8');
  const state = JSON.parse(text, (_key, value: unknown) => {
    if (!isLink(value)) return value;
    const array = arrays.get(value.tensor);
    if (!array)
      throw new CheckpointError(`${join(folder, STATE)} refers to ${value.tensor}, which ${TENSORS} lacks`);
    return array;
  }) as TrainingSnapshot;
  return { ...state, loss: state.loss ?? Number.NaN };
}

const complete = (folder: string) => existsSync(join(folder, STATE)) && existsSync(join(folder, TENSORS));

/** Keeps the snapshots of one run in `out`. */
export function snapshotFolder(out: string): SnapshotStore {
  const current = join(out, 'snapshot');
  const previous = join(out, 'snapshot.previous');
  return {
    async save(_runId, snapshot) {
      const fresh = join(out, 'snapshot.part');
      await rm(fresh, { recursive: true, force: true });
      await mkdir(fresh, { recursive: true });
      const { state, tensors } = pack(snapshot);
      await writeChunks(join(fresh, TENSORS), fileOf(tensors));
      await writeFile(join(fresh, STATE), state, { flush: true });
      await rm(previous, { recursive: true, force: true });
      if (existsSync(current)) await rename(current, previous);
      await rename(fresh, current);
    },
    async load() {
      const folder = [current, previous].find(complete);
      return folder === undefined ? null : unpack(folder);
    },
  };
}
