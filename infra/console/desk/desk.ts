import type { Credential } from '../../../schemas/generated/Credential.ts';
import type { Logger } from '../../log.ts';
import type { ConsoleConfig } from '../config.ts';
import type { ConsolePorts } from '../ports.ts';
import type { DeskView } from '../view/desk.ts';
import type { Step } from '../view/investigation.ts';
import type { Change } from '../view/protocol.ts';
import { ArchiveWatch } from './archiveWatch.ts';
import { Investigations } from './investigations.ts';
import { Queue } from './queue.ts';
import { ActionRecord } from './record.ts';
import { Register } from './register.ts';
import { Versions } from './versions.ts';

const returnMs = 10_000;
const pruneMs = 30_000;

/** What a desk needs. */
export interface DeskOptions {
  readonly config: Pick<ConsoleConfig, 'subjects' | 'queue' | 'queueDays'>;
  readonly ports: ConsolePorts;
  readonly log: Logger;
  now(): number;
  /** Write a step of an investigation to its topic. */
  write(step: Step): Promise<void>;
  /** Alerts, which are followed apart. */
  readonly alerts: DeskView['alerts'];
  /** Requests that two people must agree on, which are followed apart. */
  readonly approvals: DeskView['approvals'];
}

/** What analysts work on: subjects, queue, investigations, and how the archive is. */
export class Desk {
  readonly register: Register;
  readonly queue: Queue;
  readonly investigations: Investigations;
  /** What people did. */
  readonly record: ActionRecord;
  readonly archive: ArchiveWatch;
  /** What else pages have read, and whether it may have changed. */
  readonly versions: Versions;
  readonly #options: DeskOptions;
  readonly #listeners = new Set<(change: Change) => void>();
  #prunedAt = 0;
  /** How the archive was a tick ago. */
  #archiveWas: DeskView['archive'] = 'none';

  constructor(options: DeskOptions) {
    const { config, ports, log, now, write } = options;
    this.#options = options;
    this.register = new Register(config.subjects, now);
    this.queue = new Queue(config.queue, this.register);
    this.archive = new ArchiveWatch(ports.archive, log, now);
    const recall = ports.archive && ((id: string) => this.archive.attempt((archive) => archive.investigation(id)));
    this.investigations = new Investigations({ write, now, returnMs, recall });
    this.record = new ActionRecord(this.archive);
    this.versions = new Versions({ now, log, archived: ports.archived });
  }

  /** Hear every change of every subject. @returns a function that stops it */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  credential(credential: Credential, at: number): void {
    this.register.register(credential, at);
  }

  hear(change: Change): void {
    this.register.hear(change);
    this.queue.hear(change);
    if (change.type === 'effect' && change.effect.action === 'revoke' && change.effect.outcome === 'enforced')
      void this.#open(change.effect);
    for (const listener of this.#listeners) listener(change);
  }

  view(): DeskView {
    const { queue, investigations, record, archive } = this;
    const { alerts, approvals } = this.#options;
    return {
      archive: archive.state,
      archiveSince: archive.since,
      queue: { version: queue.version, waiting: queue.waiting },
      investigations: { version: investigations.version, open: investigations.open },
      alerts: { version: alerts.version, open: alerts.open },
      record: { version: record.version },
      approvals: { version: approvals.version, waiting: approvals.waiting },
      versions: this.versions.view(),
    };
  }

  /** Once a while. */
  tick(): void {
    const now = this.#options.now();
    if (now - this.#prunedAt > pruneMs) {
      this.#prunedAt = now;
      if (this.register.prune()) this.versions.touch({ what: 'subjects', flows: true });
    }
    void this.archive.check();
    const { state } = this.archive;
    if (state === 'there' && this.#archiveWas === 'away') this.versions.renew();
    this.#archiveWas = state;
    this.versions.tick();
    if (this.archive.state === 'there') this.investigations.resume();
  }

  /** The register has been read: read what waited before the console began, where there is an archive. */
  async fill(): Promise<void> {
    const { config, ports, now, log } = this.#options;
    this.queue.acquaint();
    if (!ports.archive || config.queueDays === 0) return;
    try {
      const { decisions, effects, alerts } = await ports.archive.queue(
        now() - config.queueDays * 86_400_000,
        config.queue,
      );
      for (const decision of decisions)
        this.#past({ type: 'decision', id: decision.subject, at: decision.decidedAt, decision });
      for (const alert of alerts) this.queue.hear({ type: 'alert', id: alert.subject, at: alert.at, alert });
      for (const effect of effects) {
        this.#past({ type: 'effect', id: effect.subject, at: effect.appliedAt, effect });
        if (effect.action === 'revoke' && effect.outcome === 'enforced') await this.#open(effect);
      }
    } catch (error) {
      log.warn(
        { err: error },
        'The queue begins with the present: what waited before could not be read from the archive',
      );
    }
  }

  #past(change: Change): void {
    this.register.hear(change);
    this.queue.hear(change);
  }

  async #open(effect: Parameters<Investigations['openFor']>[0]): Promise<void> {
    try {
      await this.investigations.openFor(effect, this.register.nameOf(effect.subject));
    } catch (error) {
      this.#options.log.warn({ err: error, decisionId: effect.decisionId }, 'No investigation could be opened');
    }
  }
}
