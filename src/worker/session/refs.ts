/** The names by which recipes and commands know a model. */
import { unreachable } from '../../errors';
import type { ModelRef } from '../protocol';

/** The student of a run. */
export const runRef = (runId: string) => `run:${runId}`;

export function refOf(model: ModelRef): string {
  switch (model.kind) {
    case 'demo':
      return 'demo';
    case 'files':
      return `files:${model.name}`;
    case 'path':
      return model.path;
    case 'hub':
      return `hf:${model.repo}${model.revision === undefined ? '' : `@${model.revision}`}`;
    case 'run':
      return runRef(model.runId);
    default:
      return unreachable(model);
  }
}

/** What such a name stands for when no model of that name is loaded; undefined for names of this visit alone. */
export function parseRef(ref: string, hasFolders: boolean): ModelRef | undefined {
  if (ref === 'demo') return { kind: 'demo' };
  const hub = /^hf:([^@]+)(?:@(.+))?$/.exec(ref);
  if (hub) return { kind: 'hub', repo: hub[1]!, revision: hub[2] };
  return hasFolders && !/^(run|files):/.test(ref) ? { kind: 'path', path: ref } : undefined;
}
