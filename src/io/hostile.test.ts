/**
 * Valid checkpoints, broken in thousands of random ways: each must load or be refused with a CheckpointError, soon,
 * and without reading (hence allocating) more than the files hold.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointError } from '../errors';
import { tinyFiles, tinyTensors } from '../testing/tinyCheckpoint';
import { openCheckpoint } from './checkpoint';
import { countingSource, memoryFileSet, type CountingSource, type FileSet } from './source';

const WEIGHTS = 'model.safetensors';
const valid = tinyFiles(tinyTensors('F16', 'transformer.'));
const headerLength = Number(new DataView(valid.get(WEIGHTS)!.buffer).getBigUint64(0, true));
type Header = Record<string, unknown>;
const validHeader = new TextDecoder().decode(valid.get(WEIGHTS)!.subarray(8, 8 + headerLength)).trimEnd();

/** Counts every byte read from the set. */
function counted(files: ReadonlyMap<string, Uint8Array>): { set: FileSet; sources: CountingSource[] } {
  const sources: CountingSource[] = [];
  const set = memoryFileSet('hostile', files);
  return {
    sources,
    set: {
      ...set,
      async open(name) {
        const source = await set.open(name);
        if (!source) return null;
        sources.push(countingSource(source));
        return sources.at(-1)!;
      },
    },
  };
}

/** Loads everything there is; gives the sentence of a refusal, or null. */
async function attempt(files: ReadonlyMap<string, Uint8Array>): Promise<string | null> {
  const { set, sources } = counted(files);
  const started = performance.now();
  let refused: string | null = null;
  try {
    const checkpoint = await openCheckpoint(set);
    for (const name of checkpoint.tensors.keys()) await checkpoint.readFloat32(name);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    expect(error.message).not.toMatch(/[\n\u202e]|undefined|\[object/);
    expect(error.message.length).toBeLessThan(400);
    expect(error.hint).toBeTruthy();
    refused = error.message;
  }
  // A healthy one takes 2 ms; this only tells a hang from a busy machine.
  expect(performance.now() - started).toBeLessThan(5000);
  // Every byte is read once; the first 64 once more when a file is suspected to be something else.
  for (const source of sources) expect(source.bytesRead).toBeLessThanOrEqual(source.size + 64);
  return refused;
}

/** The file with another header text, its length set accordingly. */
function withHeader(header: string): Uint8Array<ArrayBuffer> {
  const weights = valid.get(WEIGHTS)!;
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + weights.length - 8 - headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(weights.subarray(8 + headerLength), 8 + text.length);
  return bytes;
}

const withWeights = (bytes: Uint8Array<ArrayBuffer>) => new Map(valid).set(WEIGHTS, bytes);

/** Overwrites, cuts, inserts or doubles bytes at random places, most of them in the header. */
const bytewise = fc
  .array(
    fc.record({
      kind: fc.constantFrom('set', 'flip', 'cut', 'insert', 'double', 'end'),
      at: fc.oneof(
        { weight: 3, arbitrary: fc.nat(headerLength + 16) },
        fc.nat(valid.get(WEIGHTS)!.length - 1),
      ),
      length: fc.integer({ min: 1, max: 40 }),
      value: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('{}[]",:-.0e1'))),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((changes) => {
    let bytes = [...valid.get(WEIGHTS)!];
    for (const { kind, at, length, value } of changes) {
      if (kind === 'set') bytes[at] = value;
      else if (kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << (value & 7));
      else if (kind === 'cut') bytes.splice(at, length);
      else if (kind === 'insert') bytes.splice(at, 0, ...new Array<number>(length).fill(value));
      else if (kind === 'double') bytes.splice(at, 0, ...bytes.slice(at, at + length));
      else bytes = bytes.slice(0, at);
    }
    return withWeights(Uint8Array.from(bytes));
  });

const nasty = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    '',
    -1,
    0.5,
    1e300,
    2 ** 53,
    2 ** 31,
    -0,
    [],
    {},
    [[]],
    '__proto__',
    'F64',
    'F16',
    'BOOL',
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.array(fc.oneof(fc.nat(4000), fc.constantFrom(-1, 0.5, 2 ** 52, 2 ** 40)), { maxLength: 4 }),
);

/** Replaces, removes or renames parts of the header's JSON. */
const structural = fc
  .array(
    fc.record({
      tensor: fc.nat(15),
      field: fc.constantFrom('dtype', 'shape', 'data_offsets', 'entry', 'name', 'gone', 'metadata', 'repeat'),
      value: nasty,
      name: fc.constantFrom(
        'h.0.attn.bias',
        'h.1.ln_1.bias',
        'lm_head.weight',
        'wte.weight',
        'score.weight',
        'constructor',
        'transformer.',
        '',
      ),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((changes) => {
    const header = JSON.parse(validHeader) as Header;
    let suffix = '';
    for (const { tensor, field, value, name } of changes) {
      const key = Object.keys(header)[1 + tensor] ?? 'ghost';
      const entry = header[key];
      if (field === 'entry') header[key] = value;
      else if (field === 'gone') delete header[key];
      else if (field === 'metadata') header['__metadata__'] = value;
      else if (field === 'repeat') suffix += `,${JSON.stringify(key)}:${JSON.stringify(value)}`;
      else if (field === 'name') {
        delete header[key];
        header[name] = entry;
      } else if (typeof entry === 'object' && entry !== null) (entry as Header)[field] = value;
    }
    return withWeights(withHeader(JSON.stringify(header).replace(/\}$/, `${suffix}}`)));
  });

const configBytes = fc
  .tuple(fc.nat(valid.get('config.json')!.length - 1), fc.nat(255), fc.boolean())
  .map(([at, value, cut]) => {
    const bytes = new Uint8Array(valid.get('config.json')!);
    bytes[at] = value;
    return new Map(valid).set('config.json', cut ? bytes.slice(0, at) : bytes);
  });

describe('random damage', () => {
  for (const { what, files, runs, least } of [
    { what: 'bytes changed, cut, inserted', files: bytewise, runs: 1500, least: 0.5 },
    { what: 'header fields replaced, renamed, repeated', files: structural, runs: 1500, least: 0.5 },
    { what: 'config bytes changed and cut', files: configBytes, runs: 300, least: 0.2 },
  ])
    test(`${what}: ${runs} checkpoints load or are refused with a sentence`, async () => {
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(files, async (set) => {
          if ((await attempt(set)) !== null) refused++;
        }),
        { numRuns: runs, seed: 5, ignoreEqualValues: false },
      );
      // A mutation that damages nothing would prove nothing.
      expect(refused).toBeGreaterThan(runs * least);
    });

  test('the undamaged one loads', async () => {
    expect(await attempt(valid)).toBeNull();
  });
});

describe('header lengths', () => {
  test('any 64-bit number at the front is a refusal or the right one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 5000n })),
        async (length) => {
          const bytes = new Uint8Array(valid.get(WEIGHTS)!);
          new DataView(bytes.buffer).setBigUint64(0, length, true);
          const refused = await attempt(withWeights(bytes));
          if (length !== BigInt(headerLength)) expect(refused).not.toBeNull();
        },
      ),
      { numRuns: 500, seed: 6 },
    );
  });
});
