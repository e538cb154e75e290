import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes that are kept; only {@link BytesOnDisk} knows where. */
export interface Kept {
  readonly length: number;
}

/** Where they lie: blocks of the file, in order, wherever one was free. */
interface OnDisk extends Kept {
  readonly blocks: Uint32Array;
}
/** What the disk did not take stays in memory: nothing is lost. */
interface InMemory extends Kept {
  readonly bytes: Buffer;
}

const blockBytes = 4_096;

/**
 * Many pieces of some kilobytes each that are seldom asked for, in a file of this process alone. It has no name from its
 * beginning on, so that nothing remains of it however the process ends: what lies in it must be kept elsewhere, too.
 *
 * @example
 * const disk = new BytesOnDisk(dataFolder(), 'baselines');
 * const kept = disk.keep(bytes);
 * disk.read(kept); // the same bytes
 * disk.release(kept); // its blocks are free again
 */
export class BytesOnDisk {
  readonly #file: number;
  readonly #free: number[] = [];
  readonly #failed: (error: Error) => void;
  #end = 0;
  #held = 0;
  #closed = false;

  /**
   * @param folder - is made where there is none
   * @param name - of the file, while it has one
   * @param failed - told when the disk takes nothing, so that bytes stay in memory
   * @throws the system's error where no file can be made in the folder
   */
  constructor(folder: string, name: string, failed: (error: Error) => void = () => {}) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${name}.${randomUUID()}.tmp`);
    this.#file = openSync(path, 'wx+', 0o600);
    rmSync(path, { force: true });
    this.#failed = failed;
  }

  /** Bytes that the file takes on the disk: it grows to what was kept at most at one time, and no smaller again. */
  get size(): number {
    return this.#end * blockBytes;
  }

  /** Bytes that are in memory, because the disk did not take them. */
  get held(): number {
    return this.#held;
  }

  keep(bytes: Uint8Array): Kept {
    const { length } = bytes;
    if (this.#closed) {
      this.#failed(new Error('The file is closed'));
      return this.#inMemory(bytes);
    }
    const end = this.#end;
    const blocks = Uint32Array.from({ length: Math.ceil(length / blockBytes) }, () => this.#free.pop() ?? this.#end++);
    try {
      for (const [from, to, at] of spansOf(blocks, length))
        for (let done = from; done < to; ) done += writeSync(this.#file, bytes, done, to - done, at + done - from);
      return { length, blocks } as OnDisk;
    } catch (error) {
      this.#free.push(...blocks.filter((block) => block < end).toReversed());
      this.#end = end;
      this.#failed(error as Error);
      return this.#inMemory(bytes);
    }
  }

  #inMemory(bytes: Uint8Array): Kept {
    this.#held += bytes.length;
    return { length: bytes.length, bytes: Buffer.from(bytes) } as InMemory;
  }

  /** @throws the system's error where the disk does not give back what it took */
  read(kept: Kept): Buffer {
    if ('bytes' in kept) return (kept as InMemory).bytes;
    const { length, blocks } = kept as OnDisk;
    const found = Buffer.allocUnsafe(length);
    for (const [from, to, at] of spansOf(blocks, length))
      for (let done = from; done < to; ) {
        const read = readSync(this.#file, found, done, to - done, at + done - from);
        if (read === 0) throw new Error(`The file ends at ${at + done - from}, before what lies there`);
        done += read;
      }
    return found;
  }

  /** Nobody will ask for it any more. */
  release(kept: Kept): void {
    if ('bytes' in kept) this.#held -= kept.length;
    else this.#free.push(...(kept as OnDisk).blocks.toReversed());
  }

  /** What is kept afterwards stays in memory: the number of the file may be another's by then. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#file);
  }
}

/** What lies together: from and to which byte of the piece, and where in the file it begins. */
function* spansOf(blocks: Uint32Array, length: number): Generator<readonly [from: number, to: number, at: number]> {
  for (let first = 0; first < blocks.length; ) {
    let next = first + 1;
    while (next < blocks.length && blocks[next] === blocks[next - 1]! + 1) next++;
    yield [first * blockBytes, Math.min(length, next * blockBytes), blocks[first]! * blockBytes];
    first = next;
  }
}
