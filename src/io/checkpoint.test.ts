import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors';
import { tinyFiles, tinyTensors } from '../testing/tinyCheckpoint';
import { openCheckpoint } from './checkpoint';
import { encodeFloats } from './floats';
import { writeSafetensors, type RawTensor } from './safetensors';
import { memoryFileSet } from './source';
import { folderFileSet } from './source.node';

const FOLDERS = ['gpt2-tiny', 'gpt2-tiny-f16', 'gpt2-tiny-bf16', 'gpt2-tiny-sharded', 'gpt2-tiny-unprefixed'];

const open = async (folder: string) => openCheckpoint(await folderFileSet(`fixtures/${folder}`));
const openFiles = (files: ReadonlyMap<string, Uint8Array>) => openCheckpoint(memoryFileSet('dropped', files));
const text = (value: string) => new TextEncoder().encode(value);

/** The fixture's F32 weights, read without `src/io`. */
function reference(): Map<string, Float32Array> {
  const file = readFileSync('fixtures/gpt2-tiny/model.safetensors');
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<
    string,
    { data_offsets: [number, number] }
  >;
  delete header['__metadata__'];
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => [
        name.replace('transformer.', ''),
        new Float32Array(new Uint8Array(file.subarray(start + from, start + to)).buffer),
      ],
    ),
  );
}

async function refusal(files: ReadonlyMap<string, Uint8Array>): Promise<CheckpointError> {
  const error: unknown = await openFiles(files).then(
    () => 'it was accepted',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).hint).toBeTruthy();
  return error as CheckpointError;
}

describe('every layout of the fixtures', () => {
  for (const folder of FOLDERS)
    test(`${folder} opens with all 148 tensors and the reference's values`, async () => {
      const checkpoint = await open(folder);
      const expected = reference();
      expect([...checkpoint.tensors.keys()].sort()).toEqual([...expected.keys()].sort());
      // Rounding is PyTorch's; floats.test.ts compares the rounded weights bit for bit.
      const relative = folder.endsWith('bf16') ? 2 ** -8 : folder.endsWith('f16') ? 2 ** -11 : 0;
      for (const [name, values] of expected) {
        const read = await checkpoint.readFloat32(name);
        expect(read.length).toBe(values.length);
        // Below 2^-14 F16 is subnormal and its step fixed, 2^-24.
        const far = read.findIndex(
          (value, i) =>
            !(Math.abs(value - values[i]!) <= Math.abs(values[i]!) * relative + (relative && 2 ** -25)),
        );
        expect(far, name).toBe(-1);
      }
      expect(checkpoint.warnings).toEqual([]);
    });

  test('masks of any dtype are skipped and c_attn.bias is kept', async () => {
    const checkpoint = await open('gpt2-tiny-unprefixed');
    expect(checkpoint.tensors.has('h.0.attn.bias')).toBe(false);
    expect(checkpoint.tensors.get('h.0.attn.c_attn.bias')).toEqual({ dtype: 'F32', shape: [96], bytes: 384 });
  });
});

describe('the output layer', () => {
  const withHead = (head: RawTensor) => tinyFiles(new Map([...tinyTensors(), ['lm_head.weight', head]]));
  const wte = () => tinyTensors().get('wte.weight')!;

  test('equal to the embedding, it is left out', async () => {
    const checkpoint = await openFiles(withHead(wte()));
    expect(checkpoint.tensors.has('lm_head.weight')).toBe(false);
    await checkpoint.readRaw('wte.weight');
  });

  test('equal in value but stored in another dtype, it is accepted too', async () => {
    const half = tinyTensors('BF16').get('wte.weight')!;
    const values = new Float32Array(64).map((_, i) => (i + 1) / 64);
    const head: RawTensor = { dtype: 'F32', shape: [16, 4], bytes: encodeFloats('F32', values) };
    const files = tinyFiles(new Map([...tinyTensors(), ['wte.weight', half], ['lm_head.weight', head]]));
    await (await openFiles(files)).readRaw('wte.weight');
  });

  test('of another shape or with another first value, it is refused on opening', async () => {
    const other = wte();
    other.bytes[0]! ^= 1;
    expect((await refusal(withHead(other))).message).toBe(
      "lm_head.weight differs from wte.weight: this model's output layer is not tied to its embedding",
    );
    expect((await refusal(withHead({ ...wte(), shape: [4, 16] }))).message).toContain(
      'lm_head.weight has the shape [4, 16] and wte.weight [16, 4]',
    );
  });

  test('different only in its middle, it is refused when the embedding is read', async () => {
    const rows = 1000;
    const values = new Float32Array(rows * 4).fill(0.5);
    const table: RawTensor = { dtype: 'F32', shape: [rows, 4], bytes: encodeFloats('F32', values) };
    values[2000] = 0.25;
    const head: RawTensor = { dtype: 'F32', shape: [rows, 4], bytes: encodeFloats('F32', values) };
    const checkpoint = await openFiles(
      tinyFiles(new Map([...tinyTensors(), ['wte.weight', table], ['lm_head.weight', head]])),
    );
    await expect(checkpoint.readRaw('wte.weight')).rejects.toThrow('lm_head.weight differs from wte.weight');
  });
});

describe('what is not a GPT-2 checkpoint is refused by name', () => {
  const extra = (name: string, dtype: RawTensor['dtype'] = 'F32') =>
    tinyFiles(new Map([...tinyTensors(), [name, { dtype, shape: [0], bytes: new Uint8Array(0) }]]));

  test('a head for multiple choice', async () => {
    const error = await refusal(extra('multiple_choice_head.summary.weight'));
    expect(error.message).toBe(
      'the checkpoint holds multiple_choice_head.summary.weight, which GPT-2 as a language model or a classifier of sequences does not have',
    );
    expect(error.hint).toContain('another head');
  });

  test('tensors of another architecture', async () => {
    expect((await refusal(extra('model.layers.0.self_attn.q_proj.weight'))).message).toContain(
      'the checkpoint holds model.layers.0.self_attn.q_proj.weight',
    );
  });

  test('a weight in integers', async () => {
    const tensors = tinyTensors();
    tensors.set('ln_f.bias', { dtype: 'I8', shape: [4], bytes: new Uint8Array(4) });
    expect((await refusal(tinyFiles(tensors))).message).toBe(
      'ln_f.bias is stored as I8; weights must be F32, F16 or BF16',
    );
  });

  test('the same weight with and without prefix', async () => {
    expect((await refusal(extra('transformer.ln_f.bias'))).message).toContain('holds ln_f.bias twice');
  });

  test('only a pickle', async () => {
    const files = tinyFiles();
    files.delete('model.safetensors');
    files.set('pytorch_model.bin', text('PK'));
    const error = await refusal(files);
    expect(error.message).toContain('dropped has only pytorch_model.bin: a pickle');
    expect(error.hint).toContain('save_pretrained');
  });

  test('no config, no weights, an empty config, a config that is a page', async () => {
    const without = (name: string) => new Map([...tinyFiles()].filter(([file]) => file !== name));
    expect((await refusal(without('config.json'))).message).toBe('dropped has no config.json');
    expect((await refusal(without('model.safetensors'))).message).toBe('dropped has no model.safetensors');
    expect((await refusal(tinyFiles().set('config.json', new Uint8Array(0)))).message).toBe(
      'config.json is empty',
    );
    expect((await refusal(tinyFiles().set('config.json', text('<html></html>')))).message).toBe(
      'config.json is a web page',
    );
    expect((await refusal(new Map())).message).toBe('dropped has no config.json');
  });
});

describe('shards', () => {
  const split = () => {
    const entries = [...tinyTensors('F32', 'transformer.')];
    const shards = [entries.slice(0, 7), entries.slice(7)];
    const map: Record<string, unknown> = {};
    const files = new Map<string, Uint8Array>([['config.json', tinyFiles().get('config.json')!]]);
    shards.forEach((part, i) => {
      for (const [name] of part) map[name] = `model-${i}.safetensors`;
      files.set(`model-${i}.safetensors`, writeSafetensors(new Map(part)));
    });
    return { files, map };
  };
  const indexed = (change: (map: Record<string, unknown>) => void, drop?: string) => {
    const { files, map } = split();
    change(map);
    files.set('model.safetensors.index.json', text(JSON.stringify({ weight_map: map })));
    if (drop) files.delete(drop);
    return files;
  };

  test('read as one', async () => {
    const checkpoint = await openFiles(indexed(() => undefined));
    expect((await checkpoint.readRaw('ln_f.bias')).bytes).toEqual(tinyTensors().get('ln_f.bias')!.bytes);
  });

  test('a missing one is named', async () => {
    expect((await refusal(indexed(() => undefined, 'model-1.safetensors'))).message).toBe(
      'the shard model-1.safetensors that model.safetensors.index.json names is missing from dropped',
    );
  });

  test('without their index they are refused', async () => {
    expect((await refusal(split().files)).message).toContain(
      'dropped has 2 safetensors files but no model.safetensors.index.json',
    );
  });

  test('an index that names other places, other tensors or paths is refused', async () => {
    const name = 'transformer.ln_f.bias';
    for (const [change, message] of [
      [
        (map) => (map[name] = 'model-0.safetensors'),
        'model-1.safetensors holds transformer.ln_f.bias, which',
      ],
      [(map) => delete map[name], 'model-1.safetensors holds transformer.ln_f.bias, which'],
      [
        (map) => (map['ghost'] = 'model-0.safetensors'),
        'puts ghost into model-0.safetensors, which does not hold it',
      ],
      [
        (map) => (map[name] = '../model-1.safetensors'),
        'puts transformer.ln_f.bias into "../model-1.safetensors", which is not a safetensors file of the same folder',
      ],
      [(map) => (map[name] = 7), 'puts transformer.ln_f.bias into 7, which is not'],
    ] satisfies [(map: Record<string, unknown>) => unknown, string][])
      expect((await refusal(indexed(change))).message).toContain(message);
    const { files } = split();
    expect(
      (await refusal(files.set('model.safetensors.index.json', text('{"weight_map":[]}')))).message,
    ).toBe('model.safetensors.index.json has no weight_map');
  });
});

describe('NaN and infinity', () => {
  test('are a warning that names the tensor, once', async () => {
    const tensors = tinyTensors();
    tensors.set('h.0.ln_2.bias', {
      dtype: 'F32',
      shape: [4],
      bytes: encodeFloats('F32', Float32Array.of(NaN, 1, -Infinity, 2)),
    });
    tensors.set('ln_f.bias', {
      dtype: 'F16',
      shape: [4],
      bytes: encodeFloats('F16', Float32Array.of(0, Infinity, 0, 0)),
    });
    const checkpoint = await openFiles(tinyFiles(tensors));
    for (const name of ['h.0.ln_2.bias', 'ln_f.bias', 'ln_f.weight', 'ln_f.bias'])
      await checkpoint.readFloat32(name);
    expect(checkpoint.warnings).toEqual([
      'h.0.ln_2.bias holds 2 values that are NaN or infinite.',
      'ln_f.bias holds 1 value that is NaN or infinite.',
    ]);
  });
});

test('asking for a tensor that is not there says so', async () => {
  await expect((await openFiles(tinyFiles())).readRaw('h.1.ln_1.bias')).rejects.toThrow(
    'the checkpoint dropped has no tensor h.1.ln_1.bias',
  );
});
