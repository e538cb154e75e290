import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessSource } from './process.ts';
import { addUsage, type Machine, type Networks, type Source, type Usage } from './source.ts';

const mostMembers = 1024;

/** Ids of the direct children of a process. */
export const childrenOf = (procMount: string, pid: number): number[] => {
  const tasks = join(procMount, String(pid), 'task');
  try {
    return readdirSync(tasks).flatMap((task) => {
      try {
        return readFileSync(join(tasks, task, 'children'), 'latin1')
          .trim()
          .split(' ')
          .filter(Boolean)
          .map(Number);
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
};

/**
 * A process and its descendants as one. It is gone when the first process is.
 *
 * CPU time of members that ended is kept, for the kernel adds it to the parent that waited for them; so are their
 * file bytes. Memory that members share counts once for each.
 */
export class TreeSource implements Source {
  readonly #root: ProcessSource;
  readonly #machine: Machine;
  readonly #networks: Networks;
  readonly #members = new Map<number, ProcessSource>();

  /** @throws the system's error ENOENT where there is no such process */
  constructor(pid: number, machine: Machine, networks: Networks) {
    this.#machine = machine;
    this.#networks = networks;
    this.#root = new ProcessSource(pid, machine, networks);
    this.refresh();
  }

  read(): Usage | undefined {
    const root = this.#root.usage();
    if (!root) return undefined;
    let total: Usage = { ...root.own, cpuSeconds: root.own.cpuSeconds + root.childCpuSeconds };
    for (const [pid, member] of this.#members) {
      const usage = member.usage();
      if (usage) total = addUsage(total, { ...usage.own, cpuSeconds: usage.own.cpuSeconds + usage.childCpuSeconds });
      else this.#drop(pid, member);
    }
    return total;
  }

  refresh(): void {
    this.#root.refresh();
    const found = new Set<number>();
    const open = [this.#root.pid];
    for (let pid = open.pop(); pid !== undefined && found.size < mostMembers; pid = open.pop())
      for (const child of childrenOf(this.#machine.procMount, pid)) {
        if (found.has(child)) continue;
        found.add(child);
        open.push(child);
      }
    for (const [pid, member] of this.#members) if (!found.has(pid)) this.#drop(pid, member);
    for (const pid of found) if (!this.#members.has(pid)) this.#join(pid);
  }

  close(): void {
    this.#root.close();
    for (const [pid, member] of this.#members) this.#drop(pid, member);
  }

  #join(pid: number): void {
    try {
      this.#members.set(pid, new ProcessSource(pid, this.#machine, this.#networks));
    } catch {
      // Ended between being found and being opened; its parent has its time.
    }
  }

  #drop(pid: number, member: ProcessSource): void {
    member.close();
    this.#members.delete(pid);
  }
}
