import { Gauge, type Registry } from 'prom-client';

/** How many people are known, and where what is known of them lies. */
export interface PersonCounts {
  /** Whose baselines are known. */
  readonly known: number;
  /** Of these, who lie open in memory. */
  readonly open: number;
  /** Bytes that sealed baselines take on the disk. */
  readonly diskBytes: number;
  /** Bytes of them that are in memory, because the disk did not take them. */
  readonly heldBytes: number;
}

/**
 * Metrics of baselines, registered where the caller says; they are counted when they are asked for.
 *
 * @param process - part of their names
 */
export const personMetrics = (registry: Registry, process: string, counts: () => PersonCounts): void => {
  for (const [name, help, count] of [
    ['persons', 'People whose baselines are known', () => counts().known],
    ['open_persons', 'People whose baselines lie open in memory', () => counts().open],
    ['baselines_disk_bytes', 'What sealed baselines take on the disk', () => counts().diskBytes],
    ['baselines_held_bytes', 'Sealed baselines in memory because the disk took none', () => counts().heldBytes],
  ] as const)
    new Gauge({
      name: `ebbtide_${process}_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(count());
      },
    });
};
