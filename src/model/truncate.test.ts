import { describe, expect, test } from 'vitest';
import { SelectionError } from '../errors';
import { openCheckpoint } from '../io/checkpoint';
import { collect, streamCheckpoint } from '../io/exportStream';
import { countingSource, memoryFileSet, type CountingSource, type FileSet } from '../io/source';
import { folderFileSet } from '../io/source.node';
import { parameterCount, parseConfig, toHuggingFaceConfig } from './config';
import { truncateCheckpoint } from './truncate';

const FOLDERS = ['gpt2-tiny', 'gpt2-tiny-f16', 'gpt2-tiny-bf16', 'gpt2-tiny-sharded', 'gpt2-tiny-unprefixed'];
const KEPT = [0, 2, 4, 7, 9, 11];

async function counted(folder: string): Promise<{ files: FileSet; sources: CountingSource[] }> {
  const files = await folderFileSet(`fixtures/${folder}`);
  const sources: CountingSource[] = [];
  const open = async (name: string) => {
    const source = await files.open(name);
    if (!source) return null;
    sources.push(countingSource(source));
    return sources.at(-1)!;
  };
  return { files: { ...files, open }, sources };
}

const total = (sources: CountingSource[]) => sources.reduce((sum, source) => sum + source.bytesRead, 0);

for (const folder of FOLDERS)
  describe(folder, () => {
    test('opening reads headers only, truncating the kept tensors and nothing more', async () => {
      const { files, sources } = await counted(folder);
      const checkpoint = await openCheckpoint(files);
      const config = parseConfig(checkpoint.config);
      const opened = total(sources);
      const student = truncateCheckpoint(checkpoint, config, KEPT);
      expect(total(sources)).toBe(opened);
      for (const { pieces } of student.tensors.values()) for await (const _ of pieces());
      const width = folder.endsWith('f16') ? 2 : 4; // bf16 too
      // The sharded one brings an lm_head that is compared with wte when wte is read.
      const head = folder.endsWith('sharded') ? 512 * 32 * 4 : 0;
      expect(total(sources) - opened).toBe(parameterCount({ ...config, nLayer: 6 }) * width + head);
      expect(student.config.nLayer).toBe(6);
    });

    test("the student exports, reads back, and its tensors are the teacher's bit for bit", async () => {
      const teacher = await openCheckpoint(await folderFileSet(`fixtures/${folder}`));
      const student = truncateCheckpoint(teacher, parseConfig(teacher.config), KEPT);
      const dtype = folder.endsWith('bf16') ? 'bf16' : folder.endsWith('f16') ? 'f16' : 'f32';
      const { config, weights } = streamCheckpoint({
        config: toHuggingFaceConfig(student.config, teacher.config),
        tensors: student.tensors,
        dtype,
      });
      const { name: file, bytes } = await collect(weights);
      const files = new Map([
        [config.name, config.bytes],
        [file, bytes],
      ]);
      const back = await openCheckpoint(memoryFileSet('student', files));
      expect(parseConfig(back.config)).toEqual({ ...parseConfig(teacher.config), nLayer: 6 });
      expect(back.tensors.size).toBe(4 + 6 * 12);
      for (const name of back.tensors.keys()) {
        const source = name.replace(/^h\.(\d+)/, (_, slot: string) => `h.${KEPT[Number(slot)]}`);
        expect(
          Buffer.compare((await back.readRaw(name)).bytes, (await teacher.readRaw(source)).bytes),
          name,
        ).toBe(0);
      }
    });
  });

test('impossible layers are refused with the reason', async () => {
  const checkpoint = await openCheckpoint(await folderFileSet('fixtures/gpt2-tiny'));
  const config = parseConfig(checkpoint.config);
  for (const [layers, message] of [
    [[], 'no layer is kept'],
    [[0, 12], 'the teacher has no layer 12'],
    [[-1], 'the teacher has no layer -1'],
    [[1.5], 'the teacher has no layer 1.5'],
    [[3, 5, 3], 'layer 3 is named twice'],
  ] as const) {
    const attempt = () => truncateCheckpoint(checkpoint, config, layers);
    expect(attempt).toThrow(SelectionError);
    expect(attempt).toThrow(message);
  }
});
