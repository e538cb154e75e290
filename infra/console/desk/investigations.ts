import { createHash, randomUUID } from 'node:crypto';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { Effect } from '../../../schemas/generated/Effect.ts';
import {
  entryOf,
  type Investigation,
  type InvestigationEntry,
  mostSteps,
  type Step,
  takeStep,
} from '../view/investigation.ts';
import { conflictOf } from './conflict.ts';

/** What is known of a step before it is written. */
export type NewStep = Pick<Step, 'investigationId' | 'kind' | 'by'> &
  Partial<Omit<Step, 'investigationId' | 'kind' | 'by'>>;

/** What investigations need. */
export interface InvestigationsOptions {
  /** Write a step to its topic. */
  write(step: Step): Promise<void>;
  now(): number;
  /** Longest wait for a written step to come back, milliseconds. */
  readonly returnMs: number;
  /** Closed ones kept in memory, the ones that changed last; the archive has the others. @default 10000 */
  readonly mostClosed?: number;
  /**
   * Every step of an investigation in the order of the topic, out of the archive; empty where that has none of it,
   * undefined while it does not answer. Absent where there is no archive: then memory keeps every investigation.
   */
  readonly recall?: ((id: string) => Promise<readonly Step[] | undefined>) | undefined;
}

/** What a list of investigations is asked for. */
export interface InvestigationQuery {
  readonly status: 'open' | 'closed' | 'all';
  /** Whose; empty for anybody's. */
  readonly assignee: string;
  readonly q: string;
  readonly offset: number;
  readonly limit: number;
}

/** Closed investigations kept in memory by default. */
const mostClosed = 10_000;
const whoOpens = 'ebbtide';
const blank = { base: 0, subject: '', title: '', decisionId: null, assignee: '', finding: 'none', text: '' } as const;
/** Names of closed investigations and their decisions that are remembered, so that nothing is opened twice. */
const mostNames = 200_000;
const shortOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * Every investigation, made up of the steps on their topic. A step is written, and counts once it has come back: of two
 * that were made on the same state, by two people or two consoles, the first in the topic counts, and the second is told.
 */
export class Investigations {
  readonly #all = new Map<string, Investigation>();
  readonly #closed = new Set<string>();
  /** Identifiers and decisions of those that memory has given up. */
  readonly #archived = new LastSeen<string, true>(mostNames);
  readonly #recalling = new Map<string, Promise<boolean>>();
  /** Steps of those that memory has given up, until the archive has told of what came before. */
  readonly #held = new Map<string, Step[]>();
  readonly #awaited = new Map<string, (counted: boolean) => void>();
  readonly #options: InvestigationsOptions;
  #opening: Promise<void> = Promise.resolve();
  version = 0;
  /** Closed ones that memory has given up since the start. */
  forgotten = 0;

  constructor(options: InvestigationsOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#all.size - this.#closed.size;
  }

  get size(): number {
    return this.#all.size;
  }

  get(id: string): Investigation | undefined {
    return this.#all.get(id);
  }

  /** One of memory, else of the archive. */
  async recalled(id: string): Promise<Investigation | undefined> {
    if (!this.#all.has(id)) await this.#recall(id);
    return this.#all.get(id);
  }

  /** Those about a subject, the newest first. */
  about(subject: string): InvestigationEntry[] {
    return [...this.#all.values()]
      .filter((one) => one.subject === subject)
      .sort(newestFirst)
      .map(entryOf);
  }

  find({ status, assignee, q, offset, limit }: InvestigationQuery) {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.#all.values()]
      .filter(
        (one) =>
          (status === 'all' || one.status === status) &&
          (assignee === '' || one.assignee === assignee) &&
          words.every((word) =>
            `${one.id}\n${one.title}\n${one.subject}\n${one.assignee}`.toLowerCase().includes(word),
          ),
      )
      .sort(newestFirst);
    return {
      version: this.version,
      total: found.length,
      offset,
      entries: found.slice(offset, offset + limit).map(entryOf),
    };
  }

  /** A step came from the topic. */
  take(step: Step): void {
    const { investigationId: id } = step;
    // A step of one that memory has given up, or of one that is being read again: after those before it
    if (this.#recalling.has(id) || this.#archived.has(id) || this.#held.has(id)) {
      this.#held.set(id, [...(this.#held.get(id) ?? []), step]);
      void this.#release(id);
    } else this.#apply(step);
  }

  /** The archive may answer again: ask it anew about those whose steps are held. */
  resume(): void {
    for (const id of this.#held.keys()) void this.#release(id);
  }

  async #release(id: string): Promise<void> {
    const isRead = await this.#recall(id);
    if (!isRead && this.#archived.has(id)) return;
    const held = this.#held.get(id) ?? [];
    this.#held.delete(id);
    for (const step of held) this.#apply(step);
  }

  #apply(step: Step): void {
    const after = takeStep(this.#all.get(step.investigationId), step);
    if (after) {
      this.#keep(after);
      this.version += 1;
    }
    this.#awaited.get(step.stepId)?.(after !== undefined);
  }

  #keep(one: Investigation): void {
    const { id, status } = one;
    // The one that changed last stands last
    this.#all.delete(id);
    this.#closed.delete(id);
    this.#all.set(id, one);
    if (status === 'closed') this.#closed.add(id);
    if (!this.#options.recall || this.#closed.size <= (this.#options.mostClosed ?? mostClosed)) return;
    const oldest = this.#all.get(this.#closed.values().next().value!)!;
    this.#closed.delete(oldest.id);
    this.#all.delete(oldest.id);
    for (const name of [oldest.id, ...oldest.decisionIds]) this.#archived.set(name, true);
    this.forgotten += 1;
  }

  /** Read one again that memory has given up. @returns whether the archive answered */
  #recall(id: string): Promise<boolean> {
    const { recall } = this.#options;
    const running = this.#recalling.get(id);
    if (running || !recall || this.#all.has(id)) return running ?? Promise.resolve(true);
    const reading = recall(id)
      .then((steps) => {
        if (!steps) return false;
        const one = steps.reduce<Investigation | undefined>(
          (before, step) => takeStep(before, step) ?? before,
          undefined,
        );
        if (one) {
          this.#archived.delete(id);
          this.#keep(one);
        }
        return true;
      })
      .catch(() => false)
      .finally(() => this.#recalling.delete(id));
    this.#recalling.set(id, reading);
    return reading;
  }

  /**
   * Write a step and wait until it counts.
   *
   * @throws {EbbtideError} `NOT_FOUND`; `CONFLICT` when somebody was faster, or it has as many steps as it may; `KAFKA_UNAVAILABLE`
   */
  async add(given: NewStep): Promise<Investigation> {
    const { investigationId: id, kind } = given;
    const before = this.#all.get(id);
    if (kind !== 'opened') {
      if (!before) throw new EbbtideError('NOT_FOUND', `There is no investigation ${id}`, { id });
      if (before.steps.length >= mostSteps)
        throw new EbbtideError(
          'CONFLICT',
          `Investigation ${id} has ${mostSteps} steps, as many as it may; open another`,
        );
    }
    const step: Step = { ...blank, stepId: `${id}/${randomUUID()}`, at: this.#options.now(), ...given };
    if (before && !takeStep(before, step)) throw conflictOf(before, id);
    const counted = new Promise<boolean>((resolve) => this.#awaited.set(step.stepId, resolve));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new EbbtideError(
              'KAFKA_UNAVAILABLE',
              'The step was sent, but has not come back yet; look again in a moment',
            ),
          ),
        this.#options.returnMs,
      );
    });
    try {
      await this.#options.write(step);
      if (!(await Promise.race([counted, late]))) throw conflictOf(this.#all.get(id), id);
      return this.#all.get(id)!;
    } finally {
      clearTimeout(timer);
      this.#awaited.delete(step.stepId);
    }
  }

  /**
   * A credential was revoked: open an investigation, or add the decision to the one that is open about its subject.
   * One after another, so that the second revocation finds the investigation that the first one opened.
   */
  openFor(effect: Pick<Effect, 'decisionId' | 'subject' | 'detail'>, name: string): Promise<void> {
    const next = this.#opening.then(() => this.#openFor(effect, name));
    this.#opening = next.catch(() => {});
    return next;
  }

  async #openFor(
    { decisionId, subject, detail }: Parameters<Investigations['openFor']>[0],
    name: string,
  ): Promise<void> {
    const short = shortOf(decisionId);
    const mine = [...this.#all.values()].filter((one) => one.subject === subject);
    if (this.#all.has(short) || this.#archived.has(short) || this.#archived.has(decisionId)) return;
    if (mine.some((one) => one.decisionIds.includes(decisionId))) return;
    const open = mine.find(({ status }) => status === 'open');
    const about = { decisionId, text: detail, by: whoOpens };
    // Steps that several consoles may write carry the same key, so that they count once
    const step: NewStep = open
      ? { ...about, investigationId: open.id, stepId: `${open.id}/${short}`, kind: 'linked' }
      : {
          ...about,
          investigationId: short,
          stepId: `${short}/opened`,
          kind: 'opened',
          subject,
          title: `${name}: credential revoked`,
        };
    await this.add(step).catch((error: unknown) => {
      if (!isEbbtideError(error) || error.code !== 'CONFLICT') throw error;
    });
  }
}

const newestFirst = (left: Investigation, right: Investigation): number => right.changedAt - left.changedAt;
