import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stream } from './stream.ts';

/** A token that has not been delivered. */
export interface Undelivered {
  readonly jti: string;
  /** The token, signed. */
  readonly set: string;
}

interface Open {
  stream: Stream;
  /** Tokens in their order, by jti, with the file of each. */
  readonly undelivered: Map<string, { readonly set: string; readonly file: string }>;
  next: number;
  readonly listeners: Set<() => void>;
}

const streamFile = 'stream.json';

/**
 * Streams and their undelivered tokens, on disk and in memory: what was taken is there after a `kill -9`. One folder a
 * stream, one file a token.
 */
export class Streams {
  readonly #folder: string;
  readonly #maxUndelivered: number;
  readonly #streams = new Map<string, Open>();
  /** The last change of each stream: changes of one follow each other. */
  readonly #changes = new Map<string, Promise<unknown>>();

  private constructor(folder: string, maxUndelivered: number) {
    this.#folder = folder;
    this.#maxUndelivered = maxUndelivered;
  }

  static async open(folder: string, maxUndelivered: number): Promise<Streams> {
    const streams = new Streams(folder, maxUndelivered);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const id of await readdir(folder)) await streams.#load(id);
    return streams;
  }

  async #load(id: string): Promise<void> {
    let stream: Stream;
    try {
      stream = JSON.parse(await readFile(join(this.#folder, id, streamFile), 'utf8')) as Stream;
    } catch {
      // A stream that was being made or deleted
      return;
    }
    const open: Open = { stream, undelivered: new Map(), next: 0, listeners: new Set() };
    const files = (await readdir(join(this.#folder, id))).filter((file) => file.endsWith('.set')).sort();
    for (const file of files) {
      const [number = '', jti = ''] = file.slice(0, -4).split('-');
      open.undelivered.set(jti, { set: await readFile(join(this.#folder, id, file), 'utf8'), file });
      open.next = Number(number) + 1;
    }
    this.#streams.set(id, open);
  }

  all(): readonly Stream[] {
    return [...this.#streams.values()].map(({ stream }) => stream);
  }

  get(id: string): Stream | undefined {
    return this.#streams.get(id)?.stream;
  }

  /** Keep a stream, new or changed. */
  put(stream: Stream): Promise<void> {
    return this.#alone(stream.stream_id, () => this.#put(stream));
  }

  async #put(stream: Stream): Promise<void> {
    const folder = join(this.#folder, stream.stream_id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await replace(join(folder, streamFile), JSON.stringify(stream));
    const open = this.#streams.get(stream.stream_id);
    if (open) open.stream = stream;
    else this.#streams.set(stream.stream_id, { stream, undelivered: new Map(), next: 0, listeners: new Set() });
    if (stream.status === 'disabled') await this.#drop(stream.stream_id, [...(open?.undelivered.keys() ?? [])]);
    for (const wake of open?.listeners ?? []) wake();
  }

  delete(id: string): Promise<void> {
    return this.#alone(id, async () => {
      const open = this.#streams.get(id);
      this.#streams.delete(id);
      await rm(join(this.#folder, id), { recursive: true, force: true });
      for (const wake of open?.listeners ?? []) wake();
    });
  }

  /**
   * Keep a token until it is delivered. One that is there already stays as it is; for a stream that is gone it is
   * nobody's, and not kept.
   *
   * @returns how many of the oldest had to be given up
   */
  add(id: string, token: Undelivered): Promise<number> {
    return this.#alone(id, () => this.#add(id, token));
  }

  async #add(id: string, { jti, set }: Undelivered): Promise<number> {
    const open = this.#streams.get(id);
    if (!open || open.undelivered.has(jti)) return 0;
    const file = `${String(open.next++).padStart(12, '0')}-${jti}.set`;
    await replace(join(this.#folder, id, file), set);
    open.undelivered.set(jti, { set, file });
    const surplus = [...open.undelivered.keys()].slice(0, Math.max(0, open.undelivered.size - this.#maxUndelivered));
    await this.#drop(id, surplus);
    for (const wake of open.listeners) wake();
    return surplus.length;
  }

  /** The oldest undelivered tokens of a stream. */
  peek(id: string, count: number): readonly Undelivered[] {
    const found: Undelivered[] = [];
    for (const [jti, { set }] of this.#streams.get(id)?.undelivered ?? []) {
      if (found.length >= count) break;
      found.push({ jti, set });
    }
    return found;
  }

  undelivered(id: string): number {
    return this.#streams.get(id)?.undelivered.size ?? 0;
  }

  /** Forget tokens: delivered, refused or given up. Others are passed over. */
  drop(id: string, jtis: readonly string[]): Promise<void> {
    return this.#alone(id, () => this.#drop(id, jtis));
  }

  async #drop(id: string, jtis: readonly string[]): Promise<void> {
    const open = this.#streams.get(id);
    for (const jti of jtis) {
      const kept = open?.undelivered.get(jti);
      if (!kept) continue;
      open!.undelivered.delete(jti);
      await rm(join(this.#folder, id, kept.file), { force: true });
    }
  }

  /** Change a stream once the changes before have come to their end, well or not. */
  #alone<T>(id: string, change: () => Promise<T>): Promise<T> {
    const work = (this.#changes.get(id) ?? Promise.resolve()).then(change, change);
    this.#changes.set(id, work);
    const done = () => {
      if (this.#changes.get(id) === work) this.#changes.delete(id);
    };
    work.then(done, done);
    return work;
  }

  /** Resolves at the next change of a stream, at the signal, or after a while. */
  async changed(id: string, signal: AbortSignal, timeoutMs: number): Promise<void> {
    const open = this.#streams.get(id);
    if (!open || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        open.listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      open.listeners.add(done);
      signal.addEventListener('abort', done);
    });
  }
}

const replace = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
};
