/** What a run will need of the device, as the session answers it. */
import type { DeviceInfo } from '../engine/device';
import type { Recipe } from '../recipe/recipe';
import type { Way } from '../train/fit';
import type { MemoryPart } from '../train/memoryParts';
import type { ErrorReport } from './errorReport';

/** Bytes on the device by what they are for; `held`: of other models that stay there during the run. */
export type NeededBytes = Record<MemoryPart | 'held', number>;

/** What one stage of a run needs; dispatches and FLOPs are those of one optimiser step. */
export interface StageNeed {
  method: string;
  dispatches: number;
  flops: number;
  parts: NeededBytes;
  bytes: number;
  largestBytes: number;
}

/** A set-up near the recipe that fits. */
export interface NearbySetup {
  /** What differs, in order. */
  ways: Way[];
  recipe: Recipe;
  bytes: number;
  /** Work of a step over that of the recipe as it was. */
  work: number;
}

/** What a run will need, before anything of it is loaded. */
export interface Estimate {
  /** `trace`: every buffer of a step is known. `weights`: weights, moments and gradients are counted, the rest is left out. */
  basis: 'trace' | 'weights';
  /** Why it is not a trace: a sentence. */
  reason?: string;
  /** Of the stage that needs most; they add up to `bytes`. */
  parts: NeededBytes;
  bytes: number;
  /** Of one buffer. */
  largestBytes: number;
  stages: StageNeed[];
  limits: DeviceInfo['limits'];
  /** What a run may take: as asked for, or half of the machine's memory. No browser tells a GPU's. */
  budget: { bytes: number; assumed: boolean };
  fits: boolean;
  /** Why the recipe cannot run on this device at all, whatever the budget. */
  problem?: ErrorReport;
  /** Least harm first; empty when it fits, and when nothing near it does. */
  nearest: NearbySetup[];
}
