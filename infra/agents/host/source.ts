import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResourceSample } from '../../../schemas/generated/ResourceTelemetry.ts';
import { parseAuxv, parseNetDev } from './parse.ts';
import type { PseudoFile } from './reader.ts';

/** What a process or cgroup has used since it began, and what it holds now; null where the system does not tell. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly receivedBytes: number | null;
  readonly sentBytes: number | null;
  readonly readBytes: number | null;
  readonly writtenBytes: number | null;
  readonly memoryBytes: number | null;
  readonly connections: number | null;
  readonly threads: number | null;
}

/** Something that can be watched. */
export interface Source {
  /** Usage up to now, or undefined once it is gone. */
  read(): Usage | undefined;
  /** Look for what has joined or left, e.g. new children. */
  refresh(): void;
  close(): void;
}

/** Where the kernel tells about processes, and in which units. */
export interface Machine {
  readonly procMount: string;
  readonly cgroupMount: string;
  readonly loopback: boolean;
  readonly fileIo: 'storage' | 'syscalls';
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

/** Read this machine's page size and clock tick. */
export const describeMachine = (
  options: Pick<Machine, 'procMount' | 'cgroupMount' | 'loopback' | 'fileIo'>,
): Machine => ({ ...options, ...parseAuxv(readFileSync(join(options.procMount, 'self/auxv'))) });

/** What a sample says of resources; instrumented metrics are added to it. */
export type ResourceRates = Pick<
  ResourceSample,
  'cpuCores' | 'memoryBytes' | 'receivedBytes' | 'sentBytes' | 'readBytes' | 'writtenBytes' | 'connections' | 'threads'
>;

// A sum over members may shrink as they leave; that is no negative use.
const rate = (before: number | null, after: number | null, seconds: number): number | null =>
  before === null || after === null ? null : Math.max(0, after - before) / seconds;

/**
 * Means over an interval.
 *
 * @param seconds - length of the interval, above 0
 */
export const ratesBetween = (before: Usage, after: Usage, seconds: number): ResourceRates => ({
  cpuCores: rate(before.cpuSeconds, after.cpuSeconds, seconds),
  memoryBytes: after.memoryBytes,
  receivedBytes: rate(before.receivedBytes, after.receivedBytes, seconds),
  sentBytes: rate(before.sentBytes, after.sentBytes, seconds),
  readBytes: rate(before.readBytes, after.readBytes, seconds),
  writtenBytes: rate(before.writtenBytes, after.writtenBytes, seconds),
  connections: after.connections,
  threads: after.threads,
});

/** Add two usages of members of one group. */
export const addUsage = (a: Usage, b: Usage): Usage => {
  const sum = (x: number | null, y: number | null) => (x === null ? y : y === null ? x : x + y);
  return {
    cpuSeconds: a.cpuSeconds + b.cpuSeconds,
    receivedBytes: a.receivedBytes,
    sentBytes: a.sentBytes,
    readBytes: sum(a.readBytes, b.readBytes),
    writtenBytes: sum(a.writtenBytes, b.writtenBytes),
    memoryBytes: sum(a.memoryBytes, b.memoryBytes),
    connections: sum(a.connections, b.connections),
    threads: sum(a.threads, b.threads),
  };
};

/** Interface counters of network namespaces, each read once a sample however many processes live in it. */
export class Networks {
  readonly #loopback: boolean;
  readonly #byNamespace = new Map<string, { round: number; received: number; sent: number }>();
  #round = 0;

  constructor(loopback: boolean) {
    this.#loopback = loopback;
  }

  /** Begin a new sample: the next read of each namespace is a fresh one. */
  nextRound(): void {
    this.#round++;
    if (this.#round % 1000 === 0)
      for (const [namespace, { round }] of this.#byNamespace)
        if (round < this.#round - 1000) this.#byNamespace.delete(namespace);
  }

  /**
   * @param namespace - what `/proc/<pid>/ns/net` links to
   * @param file - any member's `net/dev`
   */
  read(namespace: string, file: PseudoFile): { received: number; sent: number } {
    let known = this.#byNamespace.get(namespace);
    if (known?.round !== this.#round) {
      known = { round: this.#round, ...parseNetDev(file.read(true), this.#loopback) };
      this.#byNamespace.set(namespace, known);
    }
    return known;
  }
}
