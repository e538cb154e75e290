import type { Socket } from 'node:net';
import { errorCode, Http2Error } from './frames.ts';

/** Bytes that may wait for a peer that asks and does not read. */
const mostUnsent = 16 * 1_048_576;
const firstWindow = 65_535;
const largestWindow = 0x7fffffff;

/** What one connection sends: gathered while a read is dealt with, and replies held back while the peer's window is full. */
export class Outbox {
  readonly #socket: Socket;
  readonly #mostWaiting: number;
  readonly #onStuck: () => void;
  #window = firstWindow;
  #waiting: { readonly bytes: Buffer; readonly flow: number }[] = [];
  #gathered: Buffer[] = [];
  #gathering = false;

  /**
   * @param mostWaiting - replies that may be held back
   * @param onStuck - told where a peer asks and takes no answers, so that they pile up here
   */
  constructor(socket: Socket, mostWaiting: number, onStuck: () => void) {
    this.#socket = socket;
    this.#mostWaiting = mostWaiting;
    this.#onStuck = onStuck;
  }

  /** Whether a read is being dealt with. */
  get gathering(): boolean {
    return this.#gathering;
  }

  /** Whether no reply is held back. */
  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Keep what is written together until {@link flush}. */
  gather(): void {
    this.#gathering = true;
  }

  /** Send what was gathered. @returns whether there was anything */
  flush(): boolean {
    this.#gathering = false;
    if (this.#gathered.length === 0) return false;
    const all = this.#gathered.length === 1 ? this.#gathered[0]! : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#send(all);
    return true;
  }

  write(bytes: Buffer): void {
    if (this.#gathering) this.#gathered.push(bytes);
    else this.#send(bytes);
  }

  /** Write a reply once the window has room for it. @param flow - bytes that the window counts */
  reply(bytes: Buffer, flow: number): void {
    if (this.#window < flow || this.#waiting.length > 0) {
      this.#waiting.push({ bytes, flow });
      if (this.#waiting.length > this.#mostWaiting) this.#onStuck();
    } else {
      this.#window -= flow;
      this.write(bytes);
    }
  }

  /** @throws {Http2Error} where the window would be none that there can be */
  widen(by: number): void {
    this.#window += by;
    if (by === 0 || this.#window > largestWindow) throw new Http2Error(errorCode.flowControl, 'window out of range');
    while (this.#waiting.length > 0 && this.#waiting[0]!.flow <= this.#window) {
      const { bytes, flow } = this.#waiting.shift()!;
      this.#window -= flow;
      this.write(bytes);
    }
  }

  /** Send what was gathered and some last words, and nothing after them. */
  end(words: Buffer): void {
    this.#socket.end(Buffer.concat([...this.#gathered, words]));
    this.clear();
  }

  /** Forget what is not sent. */
  clear(): void {
    this.#gathered = [];
    this.#waiting = [];
  }

  #send(bytes: Buffer): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > mostUnsent) this.#onStuck();
  }
}
