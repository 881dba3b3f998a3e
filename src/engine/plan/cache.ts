/**
 * Steps by name, each traced when it first runs and replayed from then on: the micro-batches of a stage, an
 * evaluation, the next token. Where there is nothing to replay on (wasm, cpu), or a step cannot be replayed, it
 * runs eagerly every time, with the same results.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { PlanError } from '../../errors';
import { usesKernels } from '../mode';
import type { CompileProgress } from './pipelines';
import { preparePlan, trace, type Plan, type StepCost } from './plan';

export interface PlanCacheOptions {
  /** `off`: run every step eagerly. Default: `on`. */
  plan?: 'on' | 'off';
  onCompile?: CompileProgress;
  /** A step turned out not to be replayable; from now on it runs eagerly. */
  onEager?: (reason: string) => void;
}

/** What a step returned, to be read before the same step runs again. */
export interface StepResult {
  readonly tensors: readonly Tensor[];
  /** The caller is done with them. */
  release(): void;
}

export interface PlanCache {
  /** Traces and compiles a step that has no plan yet. */
  prepare(key: string, step: () => readonly Tensor[]): Promise<void>;
  /** Replays the step, or runs it eagerly where it has no plan. Nothing is awaited. */
  run(key: string, step: () => readonly Tensor[]): StepResult;
  cost(key: string): StepCost | undefined;
  /** Gives back the plans whose keys `keep` does not want. */
  retain(keep: (key: string) => boolean): void;
  dispose(): void;
}

/** A cache for steps on one device; the caller disposes it. */
export function createPlanCache({ plan = 'on', onCompile, onEager }: PlanCacheOptions = {}): PlanCache {
  const plans = new Map<string, Plan>();
  const eager = new Set<string>();
  return {
    async prepare(key, step) {
      if (plan === 'off' || !usesKernels() || plans.has(key) || eager.has(key)) return;
      try {
        plans.set(key, await preparePlan(trace(step), onCompile));
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
        eager.add(key);
        onEager?.(error.message);
      }
    },
    run(key, step) {
      const found = plans.get(key);
      if (!found) {
        const tensors = step();
        return { tensors, release: () => tf.dispose([...tensors]) };
      }
      found.replay();
      return { tensors: found.outputs, release: () => undefined };
    },
    cost: (key) => plans.get(key)?.cost,
    retain(keep) {
      for (const [key, old] of plans) {
        if (keep(key)) continue;
        old.dispose();
        plans.delete(key);
      }
    },
    dispose() {
      for (const old of plans.values()) old.dispose();
      plans.clear();
    },
  };
}
