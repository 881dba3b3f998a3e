/** Questions to the session of which only the last one counts: each ends the one before. */
import type { RequestOptions } from '../worker/client';
import type { ErrorReport } from '../worker/protocol';
import { reportOf, wasCancelled } from './connection';

/** How the last question stands. */
export interface Question {
  asking: boolean;
  /** What is done for it now: a file, or why it waits. */
  doing: string;
  problem: ErrorReport | null;
}

export const NO_QUESTION: Question = { asking: false, doing: '', problem: null };

export type QuestionOptions = Required<RequestOptions>;

export interface Questions {
  ask(work: (options: QuestionOptions) => Promise<void>): Promise<void>;
  /** Ends the last one; nothing is told of it any more. */
  stop(): void;
}

export function oneQuestion(tell: (question: Question) => void): Questions {
  let last = new AbortController();
  return {
    async ask(work) {
      last.abort();
      const own = (last = new AbortController());
      const say = (question: Partial<Question>) => {
        if (!own.signal.aborted) tell({ ...NO_QUESTION, ...question });
      };
      say({ asking: true });
      try {
        await work({
          signal: own.signal,
          onEvent: (event) => {
            if (event.type === 'progress') say({ asking: true, doing: event.what });
          },
        });
        say({});
      } catch (error) {
        say({ problem: wasCancelled(error) ? null : reportOf(error) });
      }
    },
    stop: () => last.abort(),
  };
}
