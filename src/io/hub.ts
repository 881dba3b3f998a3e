/**
 * A repository of the Hugging Face Hub, or of a mirror that speaks its paths, as a set of files read by ranges.
 *
 * The branch is resolved to a commit, whose listing gives names, sizes and content ids; after that, only the ranges
 * that the reader asks for are fetched. They are kept, in pieces of at most 8 MiB, in a store under the Hub's address
 * and the file's content id (the sha256 of big files, git's blob id of small ones; a mirror could claim any id, hence
 * the address). So a second load fetches the listing and no file, a new version never meets old bytes, a cancelled
 * download goes on where it stopped, and two repositories with the same file share it. Where the Hub cannot be
 * reached, the listing of the last visit serves what is kept.
 */
import { CheckpointError, SourceError } from '../errors';
import {
  checkHubUrl,
  checkRepoName,
  fetchListing,
  isCommit,
  matchesContent,
  type Entry,
  type Listing,
  type RepoType,
} from './hubListing';
import { cancelled, UnreachableError } from './httpErrors';
import { checkRange, PIECE_BYTES, type ByteSource, type FileSet } from './source';
import type { ByteStore } from './storage';
import {
  authorizedFetch,
  DEFAULT_PATIENCE,
  passGate,
  type Asking,
  type Gate,
  type Patience,
} from './patience';
import { resumingFetch } from './transfer';

export const HUB_URL = 'https://huggingface.co';

export interface HubProgress {
  /** The file that is being read, or what is waited for. */
  file: string;
  /** Bytes handed out so far by this file set, kept ones included. */
  doneBytes: number;
  /** Of these, bytes that came over the network. */
  downloadedBytes: number;
  /** Bytes that readers have asked for so far. */
  askedBytes: number;
}

export interface HubOptions {
  /** `model` when missing. */
  type?: RepoType | undefined;
  /** `openai-community/gpt2` */
  repo: string;
  /** Branch, tag or commit; `main` when missing. */
  revision?: string | undefined;
  /** Base URL of the Hub or of a mirror. */
  hubUrl?: string | undefined;
  /** Shown to the Hub's own address only, never kept. */
  accessToken?: string | undefined;
  fetch?: typeof fetch | undefined;
  /** Where ranges are kept; without it every load downloads, and null (there is no place) is a warning. */
  cache?: ByteStore | null | undefined;
  onProgress?: ((progress: HubProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Closed while the user pauses. */
  gate?: Gate | undefined;
  patience?: Patience | undefined;
}

export interface HubFileSet extends FileSet {
  /** The commit that is read; a recipe that names it gets the same files for ever. */
  readonly commit: string;
  /** One sentence each: that the Hub could not be reached, that nothing could be kept. */
  readonly warnings: string[];
  /** Bytes of a file; 0 where there is none. */
  sizeOf(name: string): number;
}

/** Files up to here are checked against their content id when they are read whole. */
const MAX_HASHED_BYTES = 1 << 26;

class HubRepository implements HubFileSet {
  readonly name: string;
  readonly warnings: string[] = [];
  private readonly type: RepoType;
  private readonly revision: string;
  private readonly asking: Omit<Asking, 'name'>;
  private readonly cache: ByteStore | null;
  private readonly progress: HubProgress = { file: '', doneBytes: 0, downloadedBytes: 0, askedBytes: 0 };
  commit = '';
  private entries = new Map<string, Entry>();

  constructor(
    private readonly options: HubOptions,
    private readonly hubUrl: string,
  ) {
    this.name = options.repo;
    this.type = options.type ?? 'model';
    this.revision = options.revision ?? 'main';
    const { accessToken, signal, gate, fetch: fetchNow = fetch, patience = DEFAULT_PATIENCE } = options;
    this.asking = {
      fetch: accessToken ? authorizedFetch(fetchNow, hubUrl, accessToken) : fetchNow,
      signal,
      gate,
      patience,
      onWait: (seconds, why) =>
        options.onProgress?.({ ...this.progress, file: `waiting ${seconds} s, ${why}` }),
    };
    this.cache = options.cache ?? null;
    if (options.cache === null)
      this.warnings.push('This browser keeps no downloads, so the next load repeats this one.');
  }

  /** Gets the listing: from the Hub, or the kept one when the Hub is out of reach or the revision cannot change. */
  async loadListing(): Promise<void> {
    const place = this.type === 'model' ? this.name : `datasets/${this.name}`;
    const key = `${this.hubUrl} ${place} ${this.revision}`;
    const kept = await this.keptListing(key);
    let listing = isCommit(this.revision) ? kept : null;
    try {
      listing ??= await this.freshListing(key, kept);
    } catch (error) {
      if (!kept || !(error instanceof UnreachableError)) throw error;
      const host = new URL(this.hubUrl).host;
      this.warnings.push(`${host} cannot be reached; this is ${this.name} as it was kept on the last visit.`);
      listing = kept;
    }
    this.commit = listing.commit;
    this.entries = new Map(listing.entries.map((entry) => [entry.name, entry]));
  }

  private async keptListing(key: string): Promise<Listing | null> {
    const bytes = await this.cache?.get('listings', key).catch(() => null);
    return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as Listing) : null;
  }

  private async freshListing(key: string, kept: Listing | null): Promise<Listing> {
    const { type, name: repo, revision, hubUrl } = this;
    const listing = await fetchListing({ ...this.asking, type, repo, revision, hubUrl }, kept);
    if (listing !== kept) await this.keep('listings', key, new TextEncoder().encode(JSON.stringify(listing)));
    return listing;
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.entries.keys()]);
  }

  sizeOf(name: string): number {
    return this.entries.get(name)?.size ?? 0;
  }

  open(name: string): Promise<ByteSource | null> {
    const entry = this.entries.get(name);
    if (!entry) return Promise.resolve(null);
    const read = (start: number, end: number) => this.read(entry, start, end);
    return Promise.resolve({ name, size: entry.size, version: entry.content, read });
  }

  private async read(entry: Entry, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(entry.name, entry.size, start, end);
    if (start === end) return new Uint8Array(0);
    this.report(entry, { askedBytes: end - start });
    if (end - start <= PIECE_BYTES) return this.piece(entry, start, end);
    const bytes = new Uint8Array(end - start);
    for (let from = start; from < end; from += PIECE_BYTES)
      bytes.set(await this.piece(entry, from, Math.min(from + PIECE_BYTES, end)), from - start);
    return bytes;
  }

  /** One range, from the store or else from the Hub. */
  private async piece(entry: Entry, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.options.signal?.aborted) throw cancelled(`${entry.name} of ${this.name}`);
    const folder = `${this.hubUrl} ${entry.content}`;
    // A store that cannot be read is as good as none: the download is then repeated.
    const kept = await this.cache?.get(folder, `${start}-${end}`).catch(() => null);
    if (kept?.length === end - start) {
      this.report(entry, { doneBytes: kept.length });
      return kept;
    }
    await passGate({ ...this.asking, name: `${entry.name} of ${this.name}` });
    const bytes = await this.download(entry, start, end);
    await this.keep(folder, `${start}-${end}`, bytes);
    return bytes;
  }

  private async download(entry: Entry, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const { downloadFile } = await import('@huggingface/hub');
    const { type, name: repo, commit: revision, hubUrl } = this;
    const name = `${entry.name} of ${repo}`;
    const bytes = new Uint8Array(end - start);
    let failure: unknown = null;
    const place = type === 'model' ? repo : `datasets/${repo}`;
    const path = entry.name.split('/').map(encodeURIComponent).join('/');
    const blob = await downloadFile({
      repo: { type, name: repo },
      path: entry.name,
      revision,
      hubUrl,
      fetch: resumingFetch({
        ...this.asking,
        name,
        start,
        end,
        into: bytes,
        size: entry.size,
        onBytes: (count) => this.report(entry, { doneBytes: count, downloadedBytes: count }),
        onFailure: (error) => (failure = error),
      }),
      // The listing told size and id already; without this every range would cost a second request.
      downloadInfo: {
        size: entry.size,
        etag: entry.content,
        url: `${hubUrl}/${place}/resolve/${encodeURIComponent(revision)}/${path}`,
      },
    });
    if (!blob) throw new SourceError(`there is no ${name}`, 'Load the repository again.');
    await blob
      .slice(start, end)
      .arrayBuffer()
      .catch((error: unknown) => {
        throw failure ?? error;
      });
    const whole = start === 0 && end === entry.size && bytes.length <= MAX_HASHED_BYTES;
    if (whole && !(await matchesContent(bytes, entry.content)))
      throw new CheckpointError(
        `${name} arrived damaged: its hash is not ${entry.content.slice(0, 12)}…`,
        'Load it again; if this repeats, a proxy or the mirror changes files.',
      );
    return bytes;
  }

  private report(entry: Entry, change: Partial<Omit<HubProgress, 'file'>>): void {
    this.progress.file = entry.name;
    this.progress.doneBytes += change.doneBytes ?? 0;
    this.progress.downloadedBytes += change.downloadedBytes ?? 0;
    this.progress.askedBytes += change.askedBytes ?? 0;
    this.options.onProgress?.({ ...this.progress });
  }

  /** Keeping is a convenience: when it fails, say so once and go on. */
  private async keep(folder: string, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await this.cache?.put(folder, name, bytes);
    } catch (error) {
      const warning = 'The download could not be kept, so the next load repeats it';
      if (this.warnings.some((text) => text.startsWith(warning))) return;
      this.warnings.push(`${warning}: ${(error as Error).message}.`);
    }
  }
}

/** Opens a repository: asks for its listing and nothing else. Throws SourceError, or CancelledError on the signal. */
export async function hubFileSet(options: HubOptions): Promise<HubFileSet> {
  checkRepoName(options.repo);
  const repository = new HubRepository(options, checkHubUrl(options.hubUrl ?? HUB_URL));
  await repository.loadListing();
  return repository;
}
