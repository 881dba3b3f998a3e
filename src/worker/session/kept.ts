/** What is kept between visits, as the page and the command line see it. */
import { TrainingError } from '../../errors';
import type { KeptKind } from '../../io/kept';
import type { Platform } from '../platform';
import type { Answers, CommandType } from '../protocol';
import type { TextRegistry } from './texts';

export interface KeptServices {
  platform: Pick<Platform, 'kept'>;
  texts: Pick<TextRegistry, 'release'>;
  /** From a run's start to its end, pauses included. */
  runInProgress(): boolean;
  /** Commands that are being worked on. */
  running(): readonly CommandType[];
}

/** While one of these goes on, files are read or written. */
const READERS: readonly CommandType[] = [
  'start',
  'loadModel',
  'loadText',
  'loadRows',
  'inspectTask',
  'inspectDataset',
  'surveyText',
  'cleanDocument',
  'measure',
  'distribution',
  'evaluate',
  'evaluateTask',
  'sweep',
  'export',
  'generate',
];

export function createKept({ platform, texts, runInProgress, running }: KeptServices) {
  const bytes = async (): Promise<Answers['kept']> =>
    (await platform.kept?.bytes()) ?? { downloads: 0, tokens: 0, limit: 0 };
  return {
    bytes,
    /** Throws TrainingError while something uses what is kept. */
    async clear(kinds: readonly KeptKind[]): Promise<Answers['kept']> {
      if (runInProgress())
        throw new TrainingError(
          'a run is in progress and reads what is kept',
          'Stop it, or wait until it has ended.',
        );
      if (running().some((type) => READERS.includes(type)))
        throw new TrainingError('what is kept is being read', 'Try again when nothing is loading.');
      if (kinds.includes('tokens')) texts.release();
      await platform.kept?.clear(kinds);
      return bytes();
    },
  };
}
