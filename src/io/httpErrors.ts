/** What can go wrong between us and a server, as sentences. */
import { CancelledError, SourceError } from '../errors';

/** The server answered, but not with what was asked for. */
export class RefusedError extends SourceError {
  override readonly name: string = 'RefusedError';

  constructor(
    readonly status: number,
    message: string,
    hint: string,
  ) {
    super(message, hint);
  }
}

/** The server does not answer at all: what was kept may serve instead. */
export class UnreachableError extends SourceError {
  override readonly name: string = 'UnreachableError';
}

export function cancelled(name: string): CancelledError {
  return new CancelledError(
    `the download of ${name} was cancelled`,
    'What has arrived is kept; load it again to go on.',
  );
}

/** The sentence for an answer that is not the file. `what` is a repository or a file of one. */
export function refusal(status: number, what: string, server: string, waitMs = 0): RefusedError {
  const answered = `${server} answered ${status}`;
  if (status === 401 || status === 403)
    return new RefusedError(
      status,
      `${answered} for ${what}: it does not exist, or it is private or gated`,
      'Check the name. For a private or gated one, accept its terms on the Hub and give an access token that may read it.',
    );
  if (status === 404)
    return new RefusedError(
      status,
      `${answered}: there is no ${what}`,
      'Check the spelling and the revision; a name is written owner/name, as the Hub’s page shows it.',
    );
  if (status === 429)
    return new RefusedError(
      status,
      `${answered} for ${what}: too many requests`,
      waitMs > 0
        ? `It asks to wait ${Math.ceil(waitMs / 60_000)} minutes; load it again then.`
        : 'Wait a few minutes and load it again.',
    );
  return new RefusedError(
    status,
    `${answered} for ${what}`,
    status >= 500 ? 'The server has a problem of its own; try again later.' : 'Check the address of the Hub.',
  );
}
