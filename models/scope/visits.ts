/** Numbers of a visit: see {@link Visit}. */
const stride = 11;

/** Visits that are remembered at most. */
export const mostVisits = 256;

/** A run of calls of one operation, from one network and client. */
export interface Visit {
  /** Hashes of names. */
  service: number;
  operation: number;
  /** First and last call, epoch milliseconds. */
  from: number;
  to: number;
  calls: number;
  /** Of requests and answers. */
  bytes: number;
  /** Calls that were refused, and that failed for other reasons. */
  refused: number;
  failed: number;
  /** Bits of `trait`. */
  traits: number;
  /** Hashes of the network and of the client; 0 where it is not known. */
  network: number;
  client: number;
}

const fields = [
  'service',
  'operation',
  'from',
  'to',
  'calls',
  'bytes',
  'refused',
  'failed',
  'traits',
  'network',
  'client',
] as const;

/**
 * The recent past of a credential, call by call: calls of one operation in a row, from one network and client,
 * are one visit, so that polling takes no room. The oldest visits go first.
 */
export class Visits {
  #numbers: Float64Array;
  #first = 0;
  #length = 0;

  /** @param saved - as {@link save} gave it */
  constructor(saved: readonly number[] = []) {
    this.#length = Math.floor(saved.length / stride);
    this.#numbers = Float64Array.from(saved);
  }

  get length(): number {
    return this.#length;
  }

  /** Add one call, to the last visit where it goes on. */
  add(call: Omit<Visit, 'from' | 'to' | 'calls'> & { readonly time: number }): void {
    if (this.#length > 0) {
      const at = this.#place(this.#length - 1);
      const numbers = this.#numbers;
      const same = numbers[at + 9] === call.network && numbers[at + 10] === call.client;
      if (same && numbers[at] === call.service && numbers[at + 1] === call.operation) {
        numbers[at + 3] = Math.max(numbers[at + 3]!, call.time);
        numbers[at + 4]!++;
        numbers[at + 5]! += call.bytes;
        numbers[at + 6]! += call.refused;
        numbers[at + 7]! += call.failed;
        numbers[at + 8]! |= call.traits;
        return;
      }
    }
    if (this.#length === mostVisits) this.#drop();
    if (this.#length * stride === this.#numbers.length) this.#grow();
    const at = this.#place(this.#length++);
    const { service, operation, time, bytes, refused, failed, traits, network, client } = call;
    this.#numbers.set([service, operation, time, time, 1, bytes, refused, failed, traits, network, client], at);
  }

  /** Forget what ended before a time. */
  forgetBefore(time: number): void {
    while (this.#length > 0 && this.#numbers[this.#first * stride + 3]! < time) this.#drop();
    if (this.#length === 0 && this.#numbers.length > 0) {
      this.#numbers = new Float64Array(0);
      this.#first = 0;
    }
  }

  /** All visits, oldest first. */
  list(): Visit[] {
    return Array.from({ length: this.#length }, (_, i) => {
      const at = this.#place(i);
      const visit = {} as Record<string, number>;
      fields.forEach((field, j) => {
        visit[field] = this.#numbers[at + j]!;
      });
      return visit as unknown as Visit;
    });
  }

  /** Numbers for the changelog, oldest visit first. */
  save(): number[] {
    return Array.from({ length: this.#length }, (_, i) => {
      const at = this.#place(i);
      return [...this.#numbers.subarray(at, at + stride)];
    }).flat();
  }

  #place(i: number): number {
    return ((this.#first + i) % (this.#numbers.length / stride)) * stride;
  }

  #drop(): void {
    this.#first = (this.#first + 1) % (this.#numbers.length / stride);
    this.#length--;
  }

  #grow(): void {
    const larger = new Float64Array(Math.min(mostVisits, Math.max(8, this.#length * 2)) * stride);
    larger.set(this.save());
    this.#numbers = larger;
    this.#first = 0;
  }
}
