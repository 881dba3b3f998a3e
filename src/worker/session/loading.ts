/** Finds and opens the models that commands and recipes name. */
import { RecipeError, unreachable } from '../../errors';
import { parameterCount } from '../../model/config';
import type { Recipe } from '../../recipe/recipe';
import { filesFileSet, type FileSet } from '../../io/source';
import type { Platform } from '../platform';
import type { ModelRef } from '../protocol';
import { openModel, type KnownModel, type ModelRegistry } from './models';
import { parseRef, refOf } from './refs';
import type { HubAccess } from './sources';
import { wantedLayers } from './teacher';
import type { Task } from './task';

const DEMO_NOTE =
  'Trained from scratch for Decant on the bundled texts; public/demo/README.md says how and by whom.';

export interface LoaderServices {
  platform: Platform;
  models: ModelRegistry;
  hub(): HubAccess;
  warn(message: string): void;
  /** A model of this name is about to be replaced. */
  onLoaded(ref: string): void;
  /** True while a run may be learning from a model that is replaced. */
  runInProgress(): boolean;
}

/** What a model is loaded for: with a selection only the student's blocks are fetched ahead. */
export type Purpose = Pick<Recipe, 'selection' | 'seed'>;

export interface Loader {
  /** Opens a model, also one that is known already: its files may have changed. */
  load(model: ModelRef, task: Task, purpose?: Purpose): Promise<KnownModel>;
  /** A model by its name: as loaded before, or loaded now. */
  ensure(ref: string, task: Task): Promise<KnownModel>;
}

export function createLoader(services: LoaderServices): Loader {
  const { platform, models } = services;

  async function filesOf(model: Exclude<ModelRef, { kind: 'hub' }>): Promise<FileSet> {
    switch (model.kind) {
      case 'demo':
        return platform.demoTeacher();
      case 'files':
        return filesFileSet(model.name, model.files);
      case 'path':
        if (platform.openFolder) return platform.openFolder(model.path);
        throw new RecipeError(
          `the folder ${model.path} cannot be opened by name here`,
          'Choose or drop it instead.',
        );
      case 'run':
        throw new RecipeError(`run ${model.runId} has left no student`, 'Start it, or choose another model.');
      default:
        return unreachable(model);
    }
  }

  async function openFromHub(
    model: ModelRef & { kind: 'hub' },
    ref: string,
    task: Task,
    purpose: Purpose,
  ): Promise<KnownModel> {
    const { repo, revision } = model;
    let asked = 0;
    let expected = 0;
    const onProgress = (what: string, done: number, total: number) => {
      asked = total;
      task.progress(what, done, Math.max(asked, expected), 'bytes');
    };
    const { url: hubUrl, token: accessToken } = services.hub();
    const { signal, gate } = task;
    const files = await platform.openHub({ repo, revision, hubUrl, accessToken, onProgress, signal, gate });
    const known = await openModel(ref, files);
    if (platform.fetchesAhead) {
      const layers = wantedLayers(purpose, known.config.nLayer);
      const share = parameterCount({ ...known.config, nLayer: layers.length }) / known.card.parameters;
      expected = asked + Math.round(known.card.bytes * share);
      await known.fetch(layers, task);
    }
    files.warnings.forEach(services.warn);
    return known;
  }

  async function load(
    model: ModelRef,
    task: Task,
    purpose: Purpose = { selection: null, seed: 0 },
  ): Promise<KnownModel> {
    const ref = refOf(model);
    if (model.kind === 'run' && models.has(ref)) return models.get(ref);
    const note = model.kind === 'demo' ? DEMO_NOTE : undefined;
    const known =
      model.kind === 'hub'
        ? await openFromHub(model, ref, task, purpose)
        : await openModel(ref, await filesOf(model), note);
    task.check();
    services.onLoaded(ref);
    models.add(known, services.runInProgress());
    return known;
  }

  return {
    load,
    async ensure(ref, task) {
      if (models.has(ref)) return models.get(ref);
      const model = parseRef(ref, platform.openFolder !== undefined);
      return model ? load(model, task) : models.get(ref);
    },
  };
}
