/**
 * What the stores use of OPFS, in memory. The browser's own is tried in e2e; here it can be made to break
 * between two writes, which the browser's cannot.
 */
export class OpfsDirectory {
  readonly kind = 'directory';
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>();
  /** When each was last written, milliseconds since 1970. */
  readonly times = new Map<string, number>();
  readonly folders = new Map<string, OpfsDirectory>();
  /** Writes to come before one fails; the tab is closed there. */
  writesLeft = Infinity;

  constructor(
    readonly name: string,
    readonly worker: boolean,
  ) {}

  private missing = () => Promise.reject(new DOMException('not there', 'NotFoundError'));

  getDirectoryHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.folders.has(name) && options.create)
      this.folders.set(name, new OpfsDirectory(name, this.worker));
    const folder = this.folders.get(name);
    if (!folder) return this.missing();
    folder.writesLeft = this.writesLeft;
    return Promise.resolve(folder);
  }

  getFileHandle(name: string, options: { create?: boolean } = {}) {
    if (!this.files.has(name)) {
      if (!options.create) return this.missing();
      this.files.set(name, new Uint8Array(0));
      this.times.set(name, Date.now());
    }
    const write = (bytes: Uint8Array, at: number) => {
      if (this.writesLeft-- <= 0) throw new DOMException('the tab was closed', 'InvalidStateError');
      const old = this.files.get(name)!;
      const grown = new Uint8Array(Math.max(old.length, at + bytes.length));
      grown.set(old);
      grown.set(bytes, at);
      this.files.set(name, grown);
      return bytes.length;
    };
    const sync = {
      // At most 5 bytes at a time: short writes are allowed.
      write: (bytes: Uint8Array, { at }: { at: number }) => write(bytes.subarray(0, 5), at),
      truncate: (size: number) => this.files.set(name, this.files.get(name)!.slice(0, size)),
      flush: () => undefined,
      close: () => undefined,
    };
    let pending: Uint8Array[] = [];
    const stream = {
      write: (bytes: Uint8Array) => Promise.resolve(void pending.push(bytes)),
      close: () => {
        this.files.set(name, new Uint8Array(0));
        this.times.set(name, Date.now());
        for (const bytes of pending) write(bytes, this.files.get(name)!.length);
        pending = [];
        return Promise.resolve();
      },
    };
    return Promise.resolve({
      kind: 'file',
      name,
      getFile: () =>
        Promise.resolve(new File([this.files.get(name)!], name, { lastModified: this.times.get(name) ?? 0 })),
      ...(this.worker
        ? { createSyncAccessHandle: () => Promise.resolve(sync) }
        : { createWritable: () => Promise.resolve(stream) }),
    });
  }

  async *values() {
    for (const name of this.files.keys()) yield await this.getFileHandle(name);
    yield* this.folders.values();
  }

  removeEntry(name: string) {
    this.files.delete(name);
    this.folders.delete(name);
    return Promise.resolve();
  }

  asHandle = () => this as unknown as FileSystemDirectoryHandle;
}
