/** A model that a run trains, and that becomes a classifier where a stage of a task begins. */
import { disposeParameter } from '../../engine/parameter';
import { RecipeError } from '../../errors';
import type { ClassifierConfig } from '../../model/config';
import type { Model } from '../../model/gpt2';
import { SCORE, withHead } from '../../model/heads';

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

export interface Pupil {
  /** As it is now; the same object until it gets a head. */
  readonly model: Model;
  /**
   * With the head of this task: the model's own where it has these classes, else a new one. The other weights are the
   * same ones, and asking again changes nothing.
   */
  classifier(classifier: ClassifierConfig): Model;
}

/** `seed` of a new head. The caller owns the weights. */
export function createPupil(model: Model, seed: number): Pupil {
  let now = model;
  let fitted: ClassifierConfig | undefined;
  return {
    get model() {
      return now;
    },
    classifier(classifier) {
      if (fitted && sameClasses(fitted, classifier.labels)) return now;
      const own = now.config.classifier;
      if (own && sameClasses(own, classifier.labels)) now = { ...now, config: { ...now.config, classifier } };
      else {
        const score = now.params[SCORE];
        if (score) disposeParameter(score);
        now = withHead(now, classifier, seed);
      }
      fitted = classifier;
      return now;
    },
  };
}
