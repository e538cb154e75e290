import type { ResourceSample } from '../../../schemas/generated/ResourceTelemetry.ts';
import type { ActivityLine } from '../client/lines.ts';
import { Activity, notInstrumented } from './activity.ts';
import { CgroupSource } from './cgroup.ts';
import type { TargetConfig } from './config.ts';
import { ProcessSource } from './process.ts';
import { CredentialFile, findProcess } from './resolve.ts';
import { type Machine, type Networks, ratesBetween, type Source, type Usage } from './source.ts';
import { TreeSource } from './tree.ts';

const nothing = {
  cpuCores: null,
  memoryBytes: null,
  receivedBytes: null,
  sentBytes: null,
  readBytes: null,
  writtenBytes: null,
  connections: null,
  threads: null,
} as const;

const mostSamples = 1000;

/** Samples to send, and the credential they belong to. */
export interface Batch {
  readonly credentialId: string;
  readonly samples: ResourceSample[];
}

/** What a watch is made for: a target of the configuration, or a function that reports by itself. */
export type WatchSubject = TargetConfig | { readonly reporter: string; readonly pid?: number };

/** Watches one function instance: its process or cgroup, what it reports, and whose credential it holds. */
export class Watch {
  readonly subject: WatchSubject;
  readonly #machine: Machine;
  readonly #networks: Networks;
  readonly #credentialFile: CredentialFile | undefined;
  #credentialId: string | undefined;
  #source: Source | undefined;
  #pid: number | undefined;
  #before: { usage: Usage; atMs: number } | undefined;
  #activity: Activity | undefined;
  #activitySinceMs = 0;
  #samples: ResourceSample[] = [];
  #ended: Batch[] = [];
  #lastMessageMs = Number.NEGATIVE_INFINITY;
  #nextResolveMs = 0;
  /** Its process has ended; another that gets the same id is not meant. */
  #over = false;
  /** Why there is no process yet, for health and log. */
  problem: string | undefined;

  constructor(subject: WatchSubject, machine: Machine, networks: Networks) {
    this.subject = subject;
    this.#machine = machine;
    this.#networks = networks;
    if ('reporter' in subject) this.#credentialId = subject.reporter;
    else {
      this.#credentialId = subject.credentialId;
      if (subject.credentialFile !== undefined) this.#credentialFile = new CredentialFile(subject.credentialFile);
    }
  }

  get credentialId(): string | undefined {
    return this.#credentialId;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  /** Whether there is anything to sample. */
  get alive(): boolean {
    return this.#source !== undefined || this.#activity !== undefined;
  }

  /** Whether its credential comes from what the function reports. */
  get awaitsReporter(): boolean {
    return !('reporter' in this.subject) && this.subject.credentialId === undefined && !this.#credentialFile;
  }

  /** The function has reported. @returns custom metrics refused */
  report(line: ActivityLine, nowMs: number): number {
    if (this.awaitsReporter) this.#changeCredential(line.credentialId);
    if (!this.#activity) {
      this.#activity = new Activity();
      this.#activitySinceMs = nowMs;
    }
    return this.#activity.add(line);
  }

  /** The function no longer reports. Its process, where there is one, is watched on. */
  reporterGone(): void {
    this.#activity = undefined;
    if (!this.#source) this.#end();
  }

  /**
   * @param time - event time, epoch milliseconds
   * @param nowMs - monotonic clock, milliseconds
   * @param resolveMs - time between searches
   * @returns whether a sample was taken
   */
  sample(time: number, nowMs: number, resolveMs: number): boolean {
    if (this.#credentialFile) this.#changeCredential(this.#credentialFile.read());
    if (nowMs >= this.#nextResolveMs) {
      this.#nextResolveMs = nowMs + resolveMs;
      this.#resolve();
    }
    const resources = this.#readSource(nowMs);
    const activity = this.#readActivity(nowMs);
    if ((!resources && !activity) || this.#credentialId === undefined) return false;
    const last = this.#samples.at(-1);
    // The clock was set back: within one message samples are in order of time.
    if (last && (last.time >= time || this.#samples.length >= mostSamples)) this.#finish(this.#credentialId);
    this.#samples.push({ time, ...(resources ?? nothing), ...(activity ?? notInstrumented) });
    return true;
  }

  /** What is to be sent now; batches without samples are heartbeats. */
  takeBatches(nowMs: number, heartbeatMs: number): Batch[] {
    const quiet = nowMs - this.#lastMessageMs >= heartbeatMs;
    if (
      this.#credentialId !== undefined &&
      (this.#samples.length > 0 || (this.alive && quiet && this.#ended.length === 0))
    )
      this.#finish(this.#credentialId);
    const batches = this.#ended;
    this.#ended = [];
    if (batches.length > 0) this.#lastMessageMs = nowMs;
    return batches;
  }

  close(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  #finish(credentialId: string): void {
    this.#ended.push({ credentialId, samples: this.#samples });
    this.#samples = [];
  }

  /** What was sampled, then a heartbeat as the last word. */
  #end(): void {
    if (this.#credentialId === undefined) return;
    if (this.#samples.length > 0) this.#finish(this.#credentialId);
    this.#finish(this.#credentialId);
  }

  #changeCredential(id: string | undefined): void {
    if (id === this.#credentialId) return;
    if (this.alive) this.#end();
    this.#samples = [];
    this.#credentialId = id;
    this.#before = undefined;
  }

  #readSource(nowMs: number) {
    if (!this.#source) return undefined;
    const usage = this.#source.read();
    if (!usage) {
      this.#sourceGone();
      return undefined;
    }
    const before = this.#before;
    this.#before = { usage, atMs: nowMs };
    return before && nowMs > before.atMs ? ratesBetween(before.usage, usage, (nowMs - before.atMs) / 1000) : undefined;
  }

  #readActivity(nowMs: number) {
    const seconds = (nowMs - this.#activitySinceMs) / 1000;
    if (!this.#activity || seconds <= 0) return undefined;
    this.#activitySinceMs = nowMs;
    return this.#activity.take(seconds);
  }

  #sourceGone(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#before = undefined;
    this.#pid = undefined;
    this.#over = 'reporter' in this.subject || this.subject.pid !== undefined;
    this.problem = 'its process has ended';
    if (!this.#activity) this.#end();
  }

  #resolve(): void {
    this.#source?.refresh();
    if (this.#over || ('reporter' in this.subject && this.subject.pid === undefined)) return;
    const target: TargetConfig = 'reporter' in this.subject ? { pid: this.subject.pid, tree: false } : this.subject;
    try {
      if (target.cgroup !== undefined) this.#source ??= new CgroupSource(target.cgroup, this.#machine, this.#networks);
      else this.#findProcess(target);
      if (target.cgroup !== undefined) this.problem = undefined;
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  #findProcess(target: TargetConfig): void {
    // A process that runs is kept, unless its pid file has come to name another.
    if (this.#source && target.pidFile === undefined) return;
    const found = findProcess(target, this.#machine.procMount);
    if (this.#source && (!found || found.pid === this.#pid)) return;
    if (this.#source) this.#sourceGone();
    this.problem = !found
      ? 'no such process runs'
      : found.others > 0
        ? `${found.others} more processes match; the oldest, ${found.pid}, is watched`
        : undefined;
    if (found) this.#open(found.pid, target.tree);
  }

  #open(pid: number, tree: boolean): void {
    const Kind = tree ? TreeSource : ProcessSource;
    this.#source = new Kind(pid, this.#machine, this.#networks);
    this.#pid = pid;
  }
}
