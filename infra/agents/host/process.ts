import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { numberAfter, parseStat } from './parse.ts';
import { openIfReadable, PseudoFile } from './reader.ts';
import type { Machine, Networks, Source, Usage } from './source.ts';

const readsBetweenCounts = 10;
const mostDescriptors = 4096;

/**
 * One process, read through files that stay open. Network counters are those of its network namespace.
 *
 * @example
 * const source = new ProcessSource(process.pid, machine, new Networks(false));
 * source.read()?.cpuSeconds;
 */
export class ProcessSource implements Source {
  readonly pid: number;
  readonly #machine: Machine;
  readonly #networks: Networks;
  readonly #folder: string;
  readonly #stat: PseudoFile;
  readonly #io: PseudoFile | undefined;
  readonly #netDev: PseudoFile | undefined;
  #namespace = '';
  #sockets: number | null = null;
  #descriptors = -1;
  #untilCount = 0;

  /** @throws the system's error ENOENT where there is no such process */
  constructor(pid: number, machine: Machine, networks: Networks) {
    this.pid = pid;
    this.#machine = machine;
    this.#networks = networks;
    this.#folder = join(machine.procMount, String(pid));
    this.#stat = new PseudoFile(join(this.#folder, 'stat'));
    this.#io = openIfReadable(join(this.#folder, 'io'));
    this.#netDev = openIfReadable(join(this.#folder, 'net/dev'));
    this.refresh();
  }

  read(): Usage | undefined {
    return this.usage()?.own;
  }

  /** Own usage, and that with the CPU time of children that have ended. */
  usage(): { own: Usage; childCpuSeconds: number } | undefined {
    try {
      const stat = parseStat(this.#stat.read());
      if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined;
      const { ticksPerSecond, pageBytes } = this.#machine;
      const network = this.#netDev && this.#namespace ? this.#networks.read(this.#namespace, this.#netDev) : undefined;
      return {
        own: {
          cpuSeconds: stat.cpuTicks / ticksPerSecond,
          memoryBytes: stat.residentPages * pageBytes,
          threads: stat.threads,
          connections: this.#countSockets(),
          receivedBytes: network?.received ?? null,
          sentBytes: network?.sent ?? null,
          ...this.#fileIo(),
        },
        childCpuSeconds: stat.childCpuTicks / ticksPerSecond,
      };
    } catch {
      return undefined;
    }
  }

  refresh(): void {
    try {
      this.#namespace = readlinkSync(join(this.#folder, 'ns/net'));
    } catch {
      // Another user's process does not tell its namespace; its net/dev still reads, so it is taken for its own.
      this.#namespace = this.#netDev ? `pid ${this.pid}` : '';
    }
  }

  close(): void {
    this.#stat.close();
    this.#io?.close();
    this.#netDev?.close();
  }

  #fileIo(): Pick<Usage, 'readBytes' | 'writtenBytes'> {
    if (!this.#io) return { readBytes: null, writtenBytes: null };
    const text = this.#io.read();
    return this.#machine.fileIo === 'storage'
      ? { readBytes: numberAfter(text, 'read_bytes:'), writtenBytes: numberAfter(text, 'write_bytes:') }
      : { readBytes: numberAfter(text, 'rchar:'), writtenBytes: numberAfter(text, 'wchar:') };
  }

  /**
   * Open sockets. Looking at each descriptor is the dearest part of a sample, so it is done when their number has
   * changed (Linux 6.2 tells it as the folder's size; before that it is 0), and else now and then.
   */
  #countSockets(): number | null {
    const folder = join(this.#folder, 'fd');
    try {
      const descriptors = statSync(folder).size;
      if (this.#untilCount-- > 0 && descriptors === this.#descriptors) return this.#sockets;
      this.#descriptors = descriptors;
      this.#untilCount = readsBetweenCounts;
      this.#sockets = socketsIn(folder);
    } catch {
      this.#sockets = null;
    }
    return this.#sockets;
  }
}

const socketsIn = (folder: string): number => {
  let sockets = 0;
  for (const descriptor of readdirSync(folder).slice(0, mostDescriptors)) {
    try {
      if (readlinkSync(join(folder, descriptor)).startsWith('socket:')) sockets++;
    } catch {
      // Closed since the folder was read.
    }
  }
  return sockets;
};
