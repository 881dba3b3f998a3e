/** The names, sizes and content ids of a repository's files, and the checks that go with them. */
import { DecantError, SourceError } from '../errors';
import { RefusedError } from './httpErrors';
import { sentenceFetch, type Asking } from './patience';

export interface Entry {
  name: string;
  size: number;
  /** sha256 of an LFS file, git's blob id (sha1) otherwise. */
  content: string;
}

export type RepoType = 'model' | 'dataset';

export interface ListingRequest extends Omit<Asking, 'name'> {
  /** Of a model only the files at the top are listed, of a data set all. */
  type: RepoType;
  repo: string;
  revision: string;
  hubUrl: string;
}

/** Throws SourceError unless it looks like `name` or `owner/name`. */
export function checkRepoName(repo: string): void {
  if (!/^([\w-][\w.-]*\/)?[\w-][\w.-]*$/.test(repo))
    throw new SourceError(
      `${JSON.stringify(repo)} is not the name of a repository`,
      'A name looks like openai-community/gpt2.',
    );
}

export function checkHubUrl(hubUrl: string): string {
  if (!URL.canParse(hubUrl) || !/^https?:$/.test(new URL(hubUrl).protocol))
    throw new SourceError(
      `${JSON.stringify(hubUrl)} is not the address of a Hub`,
      'Give an address such as https://huggingface.co.',
    );
  return hubUrl.replace(/\/+$/, '');
}

/** A full commit id names one state for ever; a branch or a tag may move. */
export const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

const encodeText = (text: string) => new TextEncoder().encode(text);

/** What a revision held when it was asked for. */
export interface Listing {
  /** The commit behind the branch or tag; the revision itself where a mirror does not tell. */
  commit: string;
  entries: Entry[];
}

/**
 * The commit that a branch or tag points at now. Everything else is then asked of that commit, so that a push in the
 * middle of a download cannot mix two versions.
 */
async function resolveCommit(request: ListingRequest, patient: typeof fetch): Promise<string> {
  const { type, repo: name, revision, hubUrl } = request;
  const { datasetInfo, modelInfo } = await import('@huggingface/hub');
  const query = { name, revision, hubUrl, additionalFields: ['sha' as const], fetch: patient };
  try {
    const info = await (type === 'model' ? modelInfo(query) : datasetInfo(query));
    return /^[0-9a-f]{40}$/.test(info.sha) ? info.sha : revision;
  } catch (error) {
    // A plain mirror may serve files and listing only; if the repository is missing, the listing says so.
    if (error instanceof RefusedError && error.status === 404) return revision;
    throw error;
  }
}

/**
 * The files of a repository, over the network; `kept` instead where the revision is still at its commit. Throws
 * SourceError, or CancelledError on the signal.
 */
export async function fetchListing(request: ListingRequest, kept: Listing | null): Promise<Listing> {
  const { type, repo, revision, hubUrl, patience } = request;
  const what = type === 'model' ? 'repository' : 'data set';
  const name = revision === 'main' ? `${what} ${repo}` : `${what} ${repo} at revision ${revision}`;
  // Few tries: without a network the kept listing should answer soon.
  const few = { ...patience, retries: Math.min(2, patience.retries) };
  const patient = sentenceFetch({ ...request, name, patience: few });
  // Loaded when first used: most sessions never ask the Hub.
  const { listFiles } = await import('@huggingface/hub');
  const entries: Entry[] = [];
  try {
    const commit = isCommit(revision) ? revision : await resolveCommit(request, patient);
    if (kept && isCommit(commit) && kept.commit === commit) return kept;
    const query = {
      repo: { type, name: repo },
      revision: encodeURIComponent(commit),
      recursive: type === 'dataset',
      hubUrl,
    };
    for await (const file of listFiles({ ...query, fetch: patient })) {
      const content = file.lfs?.oid ?? file.oid;
      if (file.type !== 'file' || !content || !Number.isSafeInteger(file.size)) continue;
      if (type === 'model' && file.path.includes('/')) continue;
      entries.push({ name: file.path, size: file.size, content });
    }
    return { commit, entries };
  } catch (error) {
    if (error instanceof DecantError) throw error;
    throw new SourceError(
      `${new URL(hubUrl).host} does not answer like a Hub: ${(error as Error).message}`,
      'Check the address of the Hub.',
      { cause: error },
    );
  }
}

/** True when the bytes have the content id; ids of unknown kind are believed. */
export async function matchesContent(bytes: Uint8Array<ArrayBuffer>, content: string): Promise<boolean> {
  const sha1 = /^[0-9a-f]{40}$/.test(content);
  if (!sha1 && !/^[0-9a-f]{64}$/.test(content)) return true;
  // Plain-HTTP pages other than localhost have no crypto.subtle.
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!subtle) return true;
  // git hashes a blob with its kind and length in front.
  const prefix = sha1 ? encodeText(`blob ${bytes.length}\0`) : new Uint8Array(0);
  const hashed = new Uint8Array(prefix.length + bytes.length);
  hashed.set(prefix);
  hashed.set(bytes, prefix.length);
  const digest = new Uint8Array(await subtle.digest(sha1 ? 'SHA-1' : 'SHA-256', hashed));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === content;
}
