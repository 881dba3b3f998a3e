/**
 * Which form of a kernel runs on which adapter: the one place where that is decided, from what the device is
 * (`DeviceFacts`), the product at hand, and what was timed on this adapter before (`tuner.ts`).
 *
 * A software adapter (SwiftShader, llvmpipe) runs a workgroup's threads on few processor cores, so a barrier
 * costs a switch of all of them: matmul through workgroup memory was 3 to 4 times slower there than register
 * tiles, a whole step 15.9 s against 4.1 s. A real GPU needs the shared tiles and many threads a row.
 */
import { DeviceError } from '../errors';

export type AdapterKind = 'software' | 'hardware';

/** What a choice may depend on; the defaults are what every WebGPU device offers. */
export interface DeviceFacts {
  /** Names of the features that the device was opened with. */
  readonly features: readonly string[];
  readonly workgroupBytes: number;
  /** Threads in the smallest subgroup of the adapter; 0 where it is not told. */
  readonly subgroupSize: number;
}
const EVERYWHERE: DeviceFacts = {
  features: [],
  workgroupBytes: 16384,
  subgroupSize: 0,
};

export interface Variants {
  /** Threads that share a row of C elements (layer norm); 1 means no barrier. A power of two. */
  readonly rowThreads: number;
  /** Threads that share a row of V logits; 1 means no barrier. A power of two. */
  readonly vocabularyThreads: number;
  /** So many of a row's threads at least run in step and add up without a barrier; 0: none are known to. */
  readonly rowLanes: number;
}

export interface MatmulProduct {
  readonly layout: 'nn' | 'nt' | 'tn';
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Rows x columns x depth of a tile in workgroup memory, and the outputs of one thread. */
export const TILES = {
  '32x32x16': { m: 32, n: 32, k: 16, rows: 4, columns: 4 },
  '64x64x16': { m: 64, n: 64, k: 16, rows: 4, columns: 4 },
  '128x64x16': { m: 128, n: 64, k: 16, rows: 8, columns: 4 },
  '128x128x8': { m: 128, n: 128, k: 8, rows: 8, columns: 8 },
  '128x128x16': { m: 128, n: 128, k: 16, rows: 8, columns: 8 },
} as const;
export type TileSize = keyof typeof TILES;

export type MatmulVariant =
  /** One tile of outputs a thread, no barrier. */
  | { readonly form: 'register' }
  /** Through workgroup memory; `stages` 2 fetches ahead, `splits` cut k into parts that run side by side. */
  | { readonly form: 'shared'; readonly tile: TileSize; readonly stages: 1 | 2; readonly splits: number }
  /** A through broadcasts in subgroups of `lanes` threads; nn and tn only. */
  | { readonly form: 'subgroup'; readonly lanes: number };

export interface AttentionProduct {
  /** Head size / 4. */
  readonly quads: number;
  readonly length: number;
}
export type AttentionVariant =
  /** One thread a query row, no barrier. */
  | { readonly form: 'rows' }
  /** One thread a row (or a slice of it), the other side through workgroup memory. */
  | { readonly form: 'tiles' }
  /** 4 x 4 scores a thread, blocks of `own` rows by `others` through workgroup memory. */
  | { readonly form: 'blocks'; readonly own: number; readonly others: number };

export type Precision = 'f32' | 'f16';
/** An operation whose variants can be timed; `op` names the kernels. */
export type Tunable = ({ op: 'matmul' } & MatmulProduct) | ({ op: 'attention' } & AttentionProduct);
export type Variant = MatmulVariant | AttentionVariant;

const ONE_THREAD: Variants = { rowThreads: 1, vocabularyThreads: 1, rowLanes: 0 };
let kind: AdapterKind = 'software';
let facts: DeviceFacts = EVERYWHERE;
let rows = ONE_THREAD;
let precision: Precision = 'f32';
let tuned: ReadonlyMap<string, string> = new Map();
let forced: Variant | undefined;

/** Called when a device is opened; tests call it to run every form on one adapter. */
export function setVariants(adapter: AdapterKind, device: Partial<DeviceFacts> = {}): void {
  kind = adapter;
  facts = { ...EVERYWHERE, ...device };
  tuned = new Map();
  forced = undefined;
  precision = 'f32';
  const rowLanes = facts.features.includes('subgroups') ? Math.min(facts.subgroupSize, 32) : 0;
  rows = kind === 'software' ? ONE_THREAD : { rowThreads: 64, vocabularyThreads: 256, rowLanes };
}

export const variants = (): Variants => rows;
export const adapterKindNow = (): AdapterKind => kind;

/**
 * Arithmetic of the matrix products from now on; `f16` keeps operands in float16 inside a kernel, weights and sums
 * in float32. Throws DeviceError where the device has no shader-f16.
 */
export function setComputePrecision(wanted: Precision): void {
  if (wanted === 'f16' && !canComputeHalf()) {
    throw new DeviceError('this device does not compute in float16', 'Set the precision to f32.');
  }
  precision = wanted;
}
export const computePrecision = (): Precision => precision;
export const canComputeHalf = (): boolean => facts.features.includes('shader-f16');

/** Choices from the tuner: names of variants by `tuningKey`. Names that this device does not offer are passed over. */
export function setTuned(choices: ReadonlyMap<string, string>): void {
  tuned = choices;
}

/** Runs `f` with one variant for whatever it launches; for the tuner and tests. */
export function withVariant<T>(variant: Variant, f: () => T): T {
  const before = forced;
  forced = variant;
  try {
    return f();
  } finally {
    forced = before;
  }
}

/** A name that tells variants apart: `shared 64x64x16 stages 1 splits 4`. */
export const variantName = (variant: Variant): string =>
  (Object.entries(variant) as [string, string | number][])
    .map(([field, value]) => (field === 'form' || field === 'tile' ? value : `${field} ${value}`))
    .join(' ');

/** Products of about one size share a choice: sizes count to the nearest power of two. */
export function tuningKey(product: Tunable): string {
  const { op, ...sizes } = product;
  const parts = Object.entries(sizes).map(([name, value]) =>
    typeof value === 'string' ? value : `${name} 2^${Math.round(Math.log2(value))}`,
  );
  return [op, ...parts, op === 'matmul' ? precision : ''].join(' ').trim();
}

const tilesOf = ({ m, n }: MatmulProduct, { m: height, n: width }: { m: number; n: number }) =>
  Math.ceil(m / height) * Math.ceil(n / width);

// Two operands' tiles, turned ones with a quad more a row.
const fits = (tile: TileSize, stages: number) => {
  const { m, n, k } = TILES[tile];
  return stages * k * (m + n + 8) * (precision === 'f16' ? 2 : 4) <= facts.workgroupBytes;
};

// Enough workgroups to keep a large GPU busy; WebGPU does not tell how many it runs at once.
const ENOUGH_TILES = 128;
const MOST_SPLITS = 16;
const SHORTEST_PART = 128;

function splitsFor(product: MatmulProduct, tile: TileSize): number {
  const wanted = Math.floor((2 * ENOUGH_TILES) / tilesOf(product, TILES[tile]));
  return Math.max(1, Math.min(wanted, MOST_SPLITS, Math.floor(product.k / SHORTEST_PART)));
}

/** What a product runs with until it was timed: the largest tile that still gives work to all. */
function usualMatmul(product: MatmulProduct): MatmulVariant {
  if (kind === 'software')
    // Only tiles come in float16. A processor gains nothing by them (llvmpipe 2.4 GFLOP a core second in these and 1.0
    // in the smallest, 5 in float32 by registers); they are for trying out what a GPU would give.
    return precision === 'f32'
      ? { form: 'register' }
      : { form: 'shared', tile: '128x64x16', stages: 1, splits: 1 };
  const sizes: TileSize[] = ['128x128x8', '128x64x16', '64x64x16'];
  const tile = sizes.find((size) => fits(size, 1) && tilesOf(product, TILES[size]) >= ENOUGH_TILES);
  if (tile) return { form: 'shared', tile, stages: 1, splits: 1 };
  return { form: 'shared', tile: '32x32x16', stages: 1, splits: splitsFor(product, '32x32x16') };
}

/** Everything that this device offers for a product; the usual one first. */
export function matmulVariants(product: MatmulProduct): MatmulVariant[] {
  const usual = usualMatmul(product);
  if (kind === 'software') return [usual];
  const shared = (Object.keys(TILES) as TileSize[]).flatMap((tile) =>
    ([1, 2] as const)
      .filter((stages) => fits(tile, stages))
      .flatMap((stages) =>
        [...new Set([1, splitsFor(product, tile)])].map((splits): MatmulVariant => ({
          form: 'shared',
          tile,
          stages,
          splits,
        })),
      ),
  );
  const lanes = Math.min(facts.subgroupSize, 64);
  const subgroup: MatmulVariant[] =
    facts.features.includes('subgroups') && lanes >= 4 && product.layout !== 'nt' && precision === 'f32'
      ? [{ form: 'subgroup', lanes }]
      : [];
  const register: MatmulVariant[] = precision === 'f32' ? [{ form: 'register' }] : [];
  const others = [...shared, ...subgroup, ...register];
  return [usual, ...others.filter((variant) => variantName(variant) !== variantName(usual))];
}

const BLOCKS = [
  { own: 64, others: 32 },
  { own: 32, others: 64 },
  { own: 32, others: 32 },
] as const;

/** Everything that this device offers for attention; the usual one first. */
export function attentionVariants(): AttentionVariant[] {
  if (kind === 'software') return [{ form: 'rows' }];
  const blocks = BLOCKS.filter(({ own, others }) => blockBytes(own, others) <= facts.workgroupBytes);
  return [
    ...blocks.map((block): AttentionVariant => ({ form: 'blocks', ...block })),
    { form: 'tiles' },
    { form: 'rows' },
  ];
}

/** Workgroup memory of attention in blocks: 16 steps of both sides, the scores, a quad for every thread. */
export const blockBytes = (own: number, others: number): number =>
  16 * (16 * ((own + others) / 4 + 2) + others * (own / 4 + 1) + (own * others) / 16);

const chosen = <V extends Variant>(product: Tunable, offered: readonly V[]): V => {
  const name = tuned.get(tuningKey(product));
  return offered.find((variant) => variantName(variant) === name) ?? offered[0]!;
};

const isMatmul = (variant: Variant): variant is MatmulVariant =>
  variant.form === 'register' || variant.form === 'shared' || variant.form === 'subgroup';

export function matmulVariant(product: MatmulProduct): MatmulVariant {
  if (forced && isMatmul(forced)) return forced;
  return chosen(
    { op: 'matmul', ...product },
    tuned.size > 0 ? matmulVariants(product) : [usualMatmul(product)],
  );
}

export function attentionVariant(product: AttentionProduct): AttentionVariant {
  if (forced && !isMatmul(forced)) return forced;
  return chosen({ op: 'attention', ...product }, attentionVariants());
}

/** The adapters that run on the processor name themselves; browsers add `isFallbackAdapter`. */
export function adapterKind(named: { description: string; isFallbackAdapter: boolean }): AdapterKind {
  const software = /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/i.test(named.description);
  return software || named.isFallbackAdapter ? 'software' : 'hardware';
}
