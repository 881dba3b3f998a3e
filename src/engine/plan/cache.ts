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
import { preparePlan, type Plan } from './plan';
import { trace, type StepCost } from './trace';

export interface PlanCacheOptions {
  /** `off`: run every step eagerly. Default: `on`. */
  plan?: 'on' | 'off';
  onCompile?: CompileProgress;
  /** A step turned out not to be replayable; from now on it runs eagerly. */
  onEager?: (reason: string) => void;
}

/**
 * A step as a function of what the host gives it: it reads `input` inside `hostTensor` only, because a plan reads
 * anew before every replay. It neither waits nor reads back, and returns the tensors that outlive it.
 */
export type Step<I> = (input: () => I) => readonly Tensor[];

/** What a step returned, to be read before the same step runs again. */
export interface StepResult {
  readonly tensors: readonly Tensor[];
  /** The caller is done with them. */
  release(): void;
}

export interface PlanCache {
  /**
   * Traces and compiles a step that has no plan yet; `example` is an input of the shape that all inputs have under
   * this key. Of the arguments of later calls only `input` counts.
   */
  prepare<I>(key: string, step: Step<I>, example: I): Promise<void>;
  /** Replays the step, or runs it eagerly where it has no plan. Nothing is awaited. */
  run<I>(key: string, step: Step<I>, input: I): StepResult;
  cost(key: string): StepCost | undefined;
  /** Gives back the plans whose keys `keep` does not want. */
  retain(keep: (key: string) => boolean): void;
  dispose(): void;
}

/** A cache for steps on one device; the caller disposes it. */
export function createPlanCache({ plan = 'on', onCompile, onEager }: PlanCacheOptions = {}): PlanCache {
  const plans = new Map<string, { plan: Plan; input: unknown }>();
  const eager = new Set<string>();
  return {
    async prepare<I>(key: string, step: Step<I>, example: I) {
      if (plan === 'off' || !usesKernels() || plans.has(key) || eager.has(key)) return;
      try {
        const entry: { plan?: Plan; input: unknown } = { input: example };
        entry.plan = await preparePlan(
          trace(() => step(() => entry.input as I)),
          onCompile,
        );
        plans.set(key, entry as { plan: Plan; input: unknown });
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
        eager.add(key);
        onEager?.(error.message);
      }
    },
    run<I>(key: string, step: Step<I>, input: I) {
      const found = plans.get(key);
      if (!found) {
        const tensors = step(() => input);
        return { tensors, release: () => tf.dispose([...tensors]) };
      }
      found.input = input;
      found.plan.replay();
      return { tensors: found.plan.outputs, release: () => undefined };
    },
    cost: (key) => plans.get(key)?.plan.cost,
    retain(keep) {
      for (const [key, { plan: old }] of plans) {
        if (keep(key)) continue;
        old.dispose();
        plans.delete(key);
      }
    },
    dispose() {
      for (const { plan: old } of plans.values()) old.dispose();
      plans.clear();
    },
  };
}
