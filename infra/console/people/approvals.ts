import { randomUUID } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Approval, ApprovalState } from '../../../schemas/generated/index.ts';
import { Problem } from '../../http/problem.ts';
import type { Person } from './person.ts';

/** What two people must agree on. */
export type ApprovalKind = 'revokeEntity' | 'leaveShadow';

/** What somebody asks another to agree to. */
export interface ApprovalWish {
  readonly kind: ApprovalKind;
  /** What it is about, for people. */
  readonly subject: string;
  /** What is to be done. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

/** What {@link Approvals} works with. */
export interface ApprovalParts {
  /** Write a step to topic `approvals`, and wait until the broker has it. */
  write(step: Approval): Promise<void>;
  readonly expireMs: number;
  readonly now: () => number;
  /** Longest wait until a step that was written is read back, milliseconds. @default 10000 */
  readonly readBackMs?: number;
  /** Requests kept that are over, 1 and up. @default 1000 */
  readonly mostOver?: number;
}

/** From which state a step may lead where. */
const steps: Readonly<Partial<Record<ApprovalState, readonly ApprovalState[]>>> = {
  waiting: ['approved', 'declined'],
  approved: ['done', 'failed'],
};

/**
 * Requests that two people must agree on, as topic `approvals` has them. Of several steps out of one state the first in the
 * topic counts, for every console alike; each therefore reads its own step back before it acts on it.
 */
export class Approvals {
  readonly #byId = new Map<string, Approval>();
  readonly #over = new Set<string>();
  readonly #waiting = new Map<string, (counted: boolean) => void>();
  readonly #parts: ApprovalParts;
  /** Requests that were over and that memory has given up; topic and archive have them. */
  forgotten = 0;
  /** Counts up with each step that counts. */
  version = 0;

  constructor(parts: ApprovalParts) {
    this.#parts = parts;
  }

  /** Take a step in, in the order of the topic. */
  apply(step: Approval): void {
    const before = this.#byId.get(step.approvalId);
    const counts = before
      ? (steps[before.state]?.includes(step.state) ?? false) &&
        (step.state !== 'approved' || (step.at < before.expiresAt && !isSame(step.by, before.askedBy)))
      : step.state === 'waiting';
    if (counts) {
      this.#keep(step);
      this.version += 1;
    }
    this.#waiting.get(step.step)?.(counts);
  }

  /** Those that wait or are being carried out stay; of the others the ones that changed last. */
  #keep(step: Approval): void {
    const { approvalId } = step;
    this.#byId.delete(approvalId);
    this.#over.delete(approvalId);
    this.#byId.set(approvalId, step);
    if (isOver(step, this.#parts.now())) this.#over.add(approvalId);
    const { mostOver = 1_000 } = this.#parts;
    // Requests expire without a step that says so
    if (this.#byId.size > this.#over.size + mostOver)
      for (const [id, one] of this.#byId) if (isOver(one, this.#parts.now())) this.#over.add(id);
    for (const id of this.#over) {
      if (this.#over.size <= mostOver) return;
      this.#over.delete(id);
      this.#byId.delete(id);
      this.forgotten += 1;
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Requests that wait for a second person, and have not expired. */
  get waiting(): number {
    const now = this.#parts.now();
    let waiting = 0;
    for (const { state, expiresAt } of this.#byId.values()) if (state === 'waiting' && expiresAt > now) waiting += 1;
    return waiting;
  }

  /** Every request that is remembered, the newest first, and whether it has expired. */
  list(): readonly (Approval & { expired: boolean })[] {
    const now = this.#parts.now();
    return [...this.#byId.values()]
      .sort((left, right) => right.askedAt - left.askedAt)
      .map((approval) => ({ ...approval, expired: approval.state === 'waiting' && approval.expiresAt <= now }));
  }

  /** Ask for another person's agreement. */
  async ask(person: Person, { kind, subject, request, reason }: ApprovalWish): Promise<Approval> {
    const at = this.#parts.now();
    const step: Approval = {
      approvalId: randomUUID(),
      state: 'waiting',
      step: randomUUID(),
      kind,
      subject,
      request: JSON.stringify(request),
      reason,
      askedBy: person.id,
      askedByName: person.name,
      askedByOwner: person.owner,
      askedAt: at,
      expiresAt: at + this.#parts.expireMs,
      by: person.id,
      byName: person.name,
      note: '',
      at,
    };
    await this.#take(step);
    return step;
  }

  /**
   * Approve or decline. Whoever asked may take the request back, but not approve it, by a token of theirs neither.
   *
   * @returns the request, as it stands now
   * @throws {EbbtideError} `NOT_FOUND`, or `FORBIDDEN` for the same person and for machines
   * @throws {Problem} 409 where it does not wait any more, or somebody was faster
   */
  async decide(person: Person, approvalId: string, state: 'approved' | 'declined', note: string): Promise<Approval> {
    const before = this.#byId.get(approvalId);
    if (!before) throw new EbbtideError('NOT_FOUND', `There is no request ${approvalId}`, { approvalId });
    if (person.how === 'token')
      throw new EbbtideError('FORBIDDEN', 'An API token is nobody: a person must decide', { approvalId });
    if (state === 'approved' && (isSame(person.id, before.askedBy) || isSame(person.owner, before.askedByOwner)))
      throw new EbbtideError('FORBIDDEN', `${before.askedByName} asked for this: another person must approve it`, {
        approvalId,
      });
    const at = this.#parts.now();
    if (before.state === 'waiting' && state === 'approved' && before.expiresAt <= at)
      throw new Problem(409, 'conflict', 'The request has expired; it has to be asked for anew', { approvalId });
    if (before.state !== 'waiting') throw over(before);
    const step: Approval = { ...before, state, step: randomUUID(), by: person.id, byName: person.name, note, at };
    if (!(await this.#take(step))) throw over(this.#byId.get(approvalId) ?? before);
    return step;
  }

  /** Say what came of a request that was approved. */
  async conclude(approval: Approval, state: 'done' | 'failed', note: string): Promise<void> {
    await this.#take({ ...approval, state, step: randomUUID(), note, at: this.#parts.now() });
  }

  /** Write a step and wait until it is read back. @returns whether it counts */
  async #take(step: Approval): Promise<boolean> {
    const { write, readBackMs = 10_000 } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const counted = new Promise<boolean>((resolve, reject) => {
      this.#waiting.set(step.step, resolve);
      timer = setTimeout(
        () =>
          reject(
            new EbbtideError(
              'KAFKA_UNAVAILABLE',
              'The step was written, but Kafka did not give it back in time; look again',
            ),
          ),
        readBackMs,
      );
    });
    try {
      await Promise.all([write(step), counted]);
      return await counted;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(step.step);
    }
  }
}

const isOver = ({ state, expiresAt }: Approval, now: number): boolean =>
  state === 'waiting' ? expiresAt <= now : state !== 'approved';

/** Many directories let people in as `ann` and as `Ann`, and a proxy passes on what was typed. */
const isSame = (left: string, right: string): boolean => folded(left) === folded(right);
const folded = (id: string): string => id.normalize('NFKC').toLowerCase();

const over = ({ approvalId, state, byName }: Approval): Problem =>
  new Problem(409, 'conflict', `The request was ${state} by ${byName} meanwhile`, { approvalId });
