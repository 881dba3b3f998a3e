import { describe, expect, test } from 'vitest';
import { openCheckpoint } from './checkpoint';
import { folderFileSet } from './source.node';

const open = async (folder: string) => openCheckpoint(await folderFileSet(`fixtures/${folder}`));

describe('every layout of the fixtures opens', () => {
  for (const folder of [
    'gpt2-tiny',
    'gpt2-tiny-f16',
    'gpt2-tiny-bf16',
    'gpt2-tiny-sharded',
    'gpt2-tiny-unprefixed',
  ])
    test(folder, async () => {
      const checkpoint = await open(folder);
      expect(checkpoint.tensors.size).toBe(4 + 12 * 12);
      expect(checkpoint.tensors.get('h.11.attn.c_attn.bias')?.shape).toEqual([96]);
      expect((await checkpoint.readFloat32('wte.weight')).length).toBe(512 * 32);
      expect(checkpoint.warnings).toEqual([]);
    });
});
