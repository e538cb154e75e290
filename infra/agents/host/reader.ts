import { closeSync, openSync, readSync } from 'node:fs';

let shared = Buffer.allocUnsafeSlow(16_384);
const mostBytes = 1_048_576;

/**
 * A file of /proc or a cgroup that is kept open and read again and again.
 *
 * An open file of /proc/<pid> stays bound to its process: once that is gone reads fail, even if the id is used again.
 */
export class PseudoFile {
  readonly path: string;
  #fd: number;

  /** @throws the system's error, e.g. ENOENT where the process is gone and EACCES where its owner is another */
  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'r');
  }

  /**
   * The content as Latin-1 text.
   *
   * @param whole - read on until the end; one call is enough for files of a single record
   * @throws the system's error, ESRCH where the process is gone
   */
  read(whole = false): string {
    let length = readSync(this.#fd, shared, 0, shared.length, 0);
    while (whole && length < mostBytes) {
      if (length === shared.length) shared = Buffer.concat([shared, Buffer.allocUnsafeSlow(shared.length)]);
      const more = readSync(this.#fd, shared, length, shared.length - length, length);
      if (more === 0) break;
      length += more;
    }
    return shared.toString('latin1', 0, length);
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }
}

/** Open a pseudo file, or undefined where it is missing or not ours to read. */
export const openIfReadable = (path: string): PseudoFile | undefined => {
  try {
    return new PseudoFile(path);
  } catch {
    return undefined;
  }
};
