import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import { numberAfter, parseIoStat } from './parse.ts';
import { ProcessSource } from './process.ts';
import { openIfReadable, PseudoFile } from './reader.ts';
import type { Machine, Networks, Source, Usage } from './source.ts';

const mostFolders = 256;
const mostMembers = 256;

/**
 * A cgroup v2 with all below it. What a controller does not count (it may be off here) is null.
 *
 * Memory is the working set: what is charged, less file cache that could be dropped at once. File bytes are those
 * that reached block devices. Network and connections come from its processes.
 *
 * @throws {EbbtideError} `NOT_FOUND` where there is no such cgroup, `CONFIG_INVALID` where it is of version 1
 */
export class CgroupSource implements Source {
  readonly #folder: string;
  readonly #machine: Machine;
  readonly #networks: Networks;
  readonly #cpu: PseudoFile;
  readonly #memory: PseudoFile | undefined;
  readonly #memoryStat: PseudoFile | undefined;
  readonly #io: PseudoFile | undefined;
  readonly #threads: PseudoFile | undefined;
  readonly #members = new Map<number, ProcessSource>();
  /** More processes than are looked at one by one. */
  #uncounted = false;

  constructor(path: string, machine: Machine, networks: Networks) {
    this.#folder = join(machine.cgroupMount, path);
    this.#machine = machine;
    this.#networks = networks;
    if (!existsSync(this.#folder))
      throw new EbbtideError('NOT_FOUND', `Cgroup ${this.#folder} does not exist`, { path });
    if (!existsSync(join(this.#folder, 'cgroup.procs')) || !existsSync(join(this.#folder, 'cpu.stat')))
      throw new EbbtideError(
        'CONFIG_INVALID',
        `${this.#folder} is no cgroup of version 2; boot with systemd.unified_cgroup_hierarchy=1, or set agent.cgroupMount to where version 2 is mounted (often /sys/fs/cgroup/unified)`,
        { path },
      );
    this.#cpu = new PseudoFile(join(this.#folder, 'cpu.stat'));
    this.#memory = openIfReadable(join(this.#folder, 'memory.current'));
    this.#memoryStat = openIfReadable(join(this.#folder, 'memory.stat'));
    this.#io = openIfReadable(join(this.#folder, 'io.stat'));
    this.#threads = openIfReadable(join(this.#folder, 'pids.current'));
    this.refresh();
  }

  read(): Usage | undefined {
    try {
      const io = this.#io ? parseIoStat(this.#io.read(true)) : undefined;
      return {
        cpuSeconds: numberAfter(this.#cpu.read(), 'usage_usec ') / 1e6,
        memoryBytes: this.#workingSet(),
        readBytes: io?.read ?? null,
        writtenBytes: io?.written ?? null,
        ...this.#ofMembers(this.#threads ? Number(this.#threads.read()) : undefined),
      };
    } catch {
      return undefined;
    }
  }

  refresh(): void {
    const processes = this.#processes();
    this.#uncounted = processes.length > mostMembers;
    const found = new Set(processes.slice(0, mostMembers));
    for (const [pid, member] of this.#members) if (!found.has(pid)) this.#drop(pid, member);
    for (const pid of found) {
      const member = this.#members.get(pid);
      if (member) member.refresh();
      else
        try {
          this.#members.set(pid, new ProcessSource(pid, this.#machine, this.#networks));
        } catch {
          // Ended between being found and being opened.
        }
    }
  }

  close(): void {
    for (const file of [this.#cpu, this.#memory, this.#memoryStat, this.#io, this.#threads]) file?.close();
    for (const [pid, member] of this.#members) this.#drop(pid, member);
  }

  #workingSet(): number | null {
    if (!this.#memory) return null;
    const cache = this.#memoryStat ? numberAfter(this.#memoryStat.read(true), 'inactive_file ') : 0;
    return Math.max(0, Number(this.#memory.read()) - cache);
  }

  #ofMembers(counted: number | undefined): Pick<Usage, 'connections' | 'threads' | 'receivedBytes' | 'sentBytes'> {
    let connections: number | null = null;
    let threads: number | null = null;
    let network: Usage | undefined;
    for (const [pid, member] of this.#members) {
      const usage = member.read();
      if (!usage) {
        this.#drop(pid, member);
        continue;
      }
      network ??= usage;
      if (usage.connections !== null) connections = (connections ?? 0) + usage.connections;
      if (usage.threads !== null) threads = (threads ?? 0) + usage.threads;
    }
    return {
      connections: this.#uncounted ? null : connections,
      threads: counted ?? (this.#uncounted ? null : threads),
      receivedBytes: network?.receivedBytes ?? null,
      sentBytes: network?.sentBytes ?? null,
    };
  }

  #processes(): number[] {
    const open = [this.#folder];
    const pids: number[] = [];
    for (let folder = open.pop(), seen = 0; folder !== undefined && seen < mostFolders; folder = open.pop(), seen++)
      try {
        for (const line of readFileSync(join(folder, 'cgroup.procs'), 'latin1').split('\n'))
          if (line !== '' && line !== '0') pids.push(Number(line));
        for (const entry of readdirSync(folder, { withFileTypes: true }))
          if (entry.isDirectory()) open.push(join(folder, entry.name));
      } catch {
        // Removed while it was being read.
      }
    return pids;
  }

  #drop(pid: number, member: ProcessSource): void {
    member.close();
    this.#members.delete(pid);
  }
}
