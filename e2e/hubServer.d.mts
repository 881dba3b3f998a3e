/** A bad moment of the server; used up after `times` requests (1 when missing) whose path matches (all when missing). */
export interface Fault {
  path?: RegExp;
  times?: number;
  /** Answer with this status. */
  status?: number;
  /** Seconds or a date, sent as Retry-After. */
  retryAfter?: number | string;
  /** Send so many bytes of the body, then cut the connection. */
  cutAfterBytes?: number;
  /** Send so many bytes of the body, then nothing, and keep the connection. */
  stallAfterBytes?: number;
  bytesPerSecond?: number;
  /** Answer 200 with the whole file although a range was asked for. */
  ignoreRange?: boolean;
}

export type RepoContent = string | Record<string, Uint8Array>;

export interface HubServer {
  url: string;
  state: {
    /** Every request but preflights, in order. */
    requests: {
      method: string;
      path: string;
      range: string | null;
      ifRange: string | null;
      authorization: string | null;
    }[];
    /** Bytes of file bodies sent so far. */
    bytesSent: number;
    faults: Fault[];
    redirects: boolean;
    /** Status for repositories that are not there: 401 as on the Hub, or 404. */
    unknownRepo: number;
    /** Repositories that only this token opens; to others they are unknown. */
    tokens: Record<string, string>;
  };
  setRepo(name: string, content: RepoContent): void;
  close(): Promise<unknown>;
}

export function startHubServer(options?: {
  /** `owner/name`, `datasets/owner/name` or `datasets/owner/name@branch` -> a folder, or name -> bytes. */
  repos?: Record<string, RepoContent>;
  port?: number;
  /** Redirect big files to a second origin, as the Hub does. */
  redirects?: boolean;
  /** Files per page of a listing. */
  pageSize?: number;
}): Promise<HubServer>;
