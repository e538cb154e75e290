import { Subject } from 'rxjs';

/**
 * Things that wait for somebody with a limit of how many: what is under way counts too, until it is {@link done}.
 * RxJS queues without bound; this says when to stop offering.
 */
export class Waiting<T> {
  readonly items = new Subject<T>();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns whether there was room */
  offer(item: T): boolean {
    if (this.#size >= this.#limit) return false;
    this.#size++;
    this.items.next(item);
    return true;
  }

  done(): void {
    this.#size--;
  }
}
