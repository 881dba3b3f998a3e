/** A loaded classifier on a file of labelled rows. */
import { RecipeError } from '../../errors';
import { evaluateClassifier } from '../../eval/classify';
import type { Answers, CommandBody } from '../protocol';
import { allLayers, type KnownModel } from './models';
import { sameClasses } from './pupil';
import type { RowRegistry } from './rows';
import type { Task } from './task';
import { requireTokenizer } from './vocabulary';

/** Throws RecipeError for a language model, and for a classifier of other classes. */
export async function evaluateOnTask(
  known: KnownModel,
  { task: choice, rows: source, maxLength }: CommandBody & { type: 'evaluateTask' },
  registry: RowRegistry,
  task: Task,
): Promise<Answers['evaluateTask']> {
  const { card, config, vocabulary } = known;
  if (!config.classifier) {
    throw new RecipeError(
      `${card.name} is a language model and has no classes`,
      'Fine-tune it on the task first: a recipe with data.kind "task".',
    );
  }
  const tokenizer = requireTokenizer(card.name, vocabulary);
  const length = Math.min(maxLength ?? config.nPositions, config.nPositions);
  const { task: labelled, rows, leftOut } = await registry.encodeOne(choice, source, tokenizer, length, task);
  if (!sameClasses(config.classifier, labelled.classes)) {
    throw new RecipeError(
      `${card.name} tells apart ${config.classifier.labels.join(', ')}, ${labelled.id} ${labelled.classes.join(', ')}`,
      'Choose the task that it was trained on.',
    );
  }
  const model = await known.view(allLayers(config), task);
  const { predictions: _, ...report } = await evaluateClassifier(model, rows, labelled.metrics, {
    signal: task.signal,
    onProgress: (done, total) => task.progress('evaluating', done, total, 'rows'),
  });
  return { task: labelled.id, ...report, leftOut, truncated: rows.truncated };
}
