/**
 * A model that a run trains, and that becomes a classifier where a stage of a task begins. Where a run has several
 * tasks, each begins from the model as it was before the first one, as the paper fine-tunes one student on every task.
 */
import { disposeParameter } from '../../engine/parameter';
import { RecipeError } from '../../errors';
import type { ClassifierConfig } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { SCORE, withHead } from '../../model/heads';
import { readWeights, restoreWeights, type Weights } from '../../train/snapshot';

/** Whether a classifier's classes are the task's; names that transformers made up count as any. */
export function sameClasses({ labels }: ClassifierConfig, wanted: readonly string[]): boolean {
  if (labels.length !== wanted.length) return false;
  return labels.every(
    (label, k) => label === `LABEL_${k}` || label.toLowerCase() === wanted[k]!.toLowerCase(),
  );
}

export const refuseForText = (name: string): never => {
  throw new RecipeError(
    `${name} is a classifier, and the recipe's data is text`,
    'Choose a task with data.kind "task", or load a language model.',
  );
};

/** A task's head: `key` tells tasks with the same classes apart. */
export interface TaskHead {
  readonly key: string;
  readonly classifier: ClassifierConfig;
}

export interface Pupil {
  /** As it is now; the same object until it gets a head, or another one. */
  readonly model: Model;
  /**
   * With the head of this task: the model's own where it has these classes, else a new one. The other weights are the
   * same ones, and asking again changes nothing.
   */
  classifier(head: TaskHead): Model;
  /** The same for one of several tasks: behind another task all weights are again what they were before the first. */
  branch(head: TaskHead): Promise<Model>;
  /** The weights before the first of several tasks, once it has begun; a resumed run gives them back. */
  trunk: Weights | undefined;
}

const withoutHead = ({ params: { [SCORE]: _, ...body } }: Model) => body;

/** `seed` of new heads. The caller owns the weights. */
export function createPupil(model: Model, seed: number): Pupil {
  let now = model;
  let fitted: string | undefined;
  let trunk: Weights | undefined;

  function classifier({ key, classifier: wanted }: TaskHead): Model {
    if (fitted === key) return now;
    const own = fitted === undefined ? now.config.classifier : undefined;
    if (own && sameClasses(own, wanted.labels))
      now = { ...now, config: { ...now.config, classifier: wanted } };
    else {
      const score = now.params[SCORE];
      if (score) disposeParameter(score);
      now = withHead(now, wanted, seed);
    }
    fitted = key;
    return now;
  }

  return {
    get model() {
      return now;
    },
    classifier,
    get trunk() {
      return trunk;
    },
    set trunk(weights) {
      trunk = weights;
    },
    async branch(head) {
      const body = withoutHead(now);
      if (!trunk) trunk = await readWeights(body);
      else if (fitted !== undefined && fitted !== head.key) restoreWeights(body, trunk);
      return classifier(head);
    },
  };
}
