import { LastSeen } from '../../operators/actuate/lastSeen.ts';

/**
 * Whose partitions are whose, by what is seen: ours brought decisions to us, another's show effects that we did not
 * write. Effects and decisions on one subject lie in the same partition.
 */
export class PartitionOwners {
  readonly #foreign = new Set<number>();
  readonly #of: LastSeen<string, number>;

  constructor(subjects: number) {
    this.#of = new LastSeen(subjects);
  }

  mine(partition: number): void {
    this.#foreign.delete(partition);
  }

  theirs(partition: number): void {
    this.#foreign.add(partition);
  }

  note(subject: string, partition: number): void {
    this.#of.set(subject, partition);
  }

  reset(): void {
    this.#foreign.clear();
  }

  ours(subject: string): boolean {
    const partition = this.#of.get(subject);
    return partition === undefined || !this.#foreign.has(partition);
  }
}
