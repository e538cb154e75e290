import { createRequire } from 'node:module';
import { errorCode, Http2Error } from './frames.ts';

interface Field {
  readonly name: string;
  readonly value: string;
}
interface Decompressor {
  write(block: Uint8Array): void;
  execute(): void;
  read(): Field | null;
  on(event: 'error', listener: (error: Error) => void): void;
}
const hpack = createRequire(import.meta.url)('hpack.js') as {
  decompressor: { create(options: { table: { maxSize: number } }): Decompressor };
};

/** Size of the table before our settings are in force; the protocol's default. */
const firstTableSize = 4_096;
const mostFields = 256;
const remembered = 256;

/**
 * Reads the path out of header blocks. Once the peer has taken our setting of no table, blocks depend on nothing that
 * came before, and those that come again and again (a proxy's, but for a trace) are looked up.
 */
export class Paths {
  readonly #decompressor = hpack.decompressor.create({ table: { maxSize: firstTableSize } });
  readonly #known = new Map<string, string>();
  #stateless = false;
  #error: Error | undefined;

  constructor() {
    this.#decompressor.on('error', (error) => {
      this.#error = error;
    });
  }

  /** The peer has taken our settings. */
  acknowledged(): void {
    this.#stateless = true;
  }

  /**
   * The path that a header block names; empty where it names none.
   *
   * @throws {Http2Error} where it cannot be read
   */
  read(block: Buffer): string {
    if (!this.#stateless) return this.#decode(block);
    const text = block.toString('latin1');
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const path = this.#decode(block);
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(text, path);
    return path;
  }

  #decode(block: Buffer): string {
    let path = '';
    this.#decompressor.write(block);
    this.#decompressor.execute();
    let fields = 0;
    for (let field = this.#decompressor.read(); field !== null; field = this.#decompressor.read()) {
      if (++fields > mostFields) throw new Http2Error(errorCode.calm, 'too many header fields');
      if (field.name === ':path') path = field.value;
    }
    if (this.#error) throw new Http2Error(errorCode.compression, this.#error.message);
    return path;
  }
}
