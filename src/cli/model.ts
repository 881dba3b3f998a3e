/** What `MODEL` on the command line stands for. */
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { SourceError } from '../errors';
import { createGate } from '../io/patience';
import type { FileSet } from '../io/source';
import type { Platform } from '../worker/platform';
import { parseRef } from '../worker/session/refs';
import type { HubAccess } from '../worker/session/sources';
import type { ModelRef } from '../worker/protocol';

/** `demo`, `hf:owner/name[@revision]`, or a folder, relative to `base`. Throws SourceError when there is no such folder. */
export function resolveModel(text: string, base = process.cwd()): ModelRef {
  const named = parseRef(text, false);
  if (named) return named;
  const path = isAbsolute(text) ? text : resolve(base, text);
  if (!existsSync(path))
    throw new SourceError(`there is no folder ${text}`, 'MODEL is a folder, hf:owner/name, or demo.');
  if (!statSync(path).isDirectory()) {
    throw new SourceError(`${text} is a file`, 'Give the folder that holds config.json and the weights.');
  }
  return { kind: 'path', path };
}

/** The folder of a model, without a session. */
export async function openFiles(
  model: ModelRef,
  platform: Platform,
  hub: HubAccess,
  note: (text: string) => void,
): Promise<FileSet> {
  switch (model.kind) {
    case 'demo':
      return platform.demoTeacher();
    case 'hub': {
      const { repo, revision } = model;
      const files = await platform.openHub({
        repo,
        revision,
        hubUrl: hub.url,
        accessToken: hub.token,
        onProgress: () => undefined,
        signal: new AbortController().signal,
        gate: createGate(),
      });
      files.warnings.forEach(note);
      return files;
    }
    case 'path':
      return platform.openFolder!(model.path);
    default:
      throw new SourceError(`a model of kind ${model.kind} is not a folder`);
  }
}
