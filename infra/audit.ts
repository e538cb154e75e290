import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { TopicCodec } from '../schemas/codec.ts';
import type { Setting } from '../schemas/control.ts';
import type { AuditEvent, AuditOutcome } from '../schemas/generated/index.ts';
import { topics } from '../schemas/topics.ts';
import type { AppContext } from './context.ts';
import type { Producer } from './kafka/types.ts';
import type { Logger } from './log.ts';

/** Who acts, and from where. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** oidc, proxy, link, token or cli. */
  readonly how: string;
  /** Network address, or the host of a command line. */
  readonly address: string;
}

/** What somebody wants to do. */
export interface Deed {
  readonly action: string;
  /** What it is done to; `ebbtide` where it concerns everything. */
  readonly subject: string;
  readonly reason?: string;
  /** What more belongs to it; never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The subject of what concerns everything. */
export const everything = 'ebbtide';

/** What somebody does who writes a setting. */
export const deedOf = ({ kind, pipeline, subject, value, expiresAt, reason }: Omit<Setting, 'by'>): Deed => ({
  action: kind === 'exemption' ? 'exempt' : kind,
  subject: subject ?? (pipeline || everything),
  reason,
  details: { value, ...(expiresAt === undefined ? {} : { expiresAt }) },
});

/** The user of a command line. */
export const commandLineActor = (): Actor => {
  const name = userInfo().username;
  const address = hostname();
  return { id: `cli:${name}@${address}`, name, role: 'administrator', how: 'cli', address };
};

/**
 * Writes what people do to the topic `actions`, before it takes effect: nothing is done that is not on record.
 *
 * @example
 * const audit = await AuditLog.open(context, producer);
 * await audit.around(actor, { action: 'label', subject: 'cred-1' }, () => producer.send(labels));
 */
export class AuditLog {
  readonly #producer: Producer;
  readonly #codec: TopicCodec<AuditEvent>;
  readonly #now: () => number;
  readonly #log: Logger;
  /** Outcomes that could not be recorded, since the start. */
  unrecorded = 0;

  private constructor(producer: Producer, codec: TopicCodec<AuditEvent>, log: Logger, now: () => number) {
    this.#producer = producer;
    this.#codec = codec;
    this.#log = log;
    this.#now = now;
  }

  static async open(
    { registry, log }: Pick<AppContext, 'registry' | 'log'>,
    producer: Producer,
    now: () => number = Date.now,
  ): Promise<AuditLog> {
    return new AuditLog(producer, await TopicCodec.open<AuditEvent>(topics.actions, registry), log, now);
  }

  /**
   * Record that somebody asks for something, then do it; record as well when that fails. What was done is done, whether
   * that could be recorded or not: then a log says so, and the record ends with what was asked for.
   *
   * @param work - does it; `told` records what came of it, in a sentence, and never rejects. What says nothing is recorded as done
   * @returns what `work` returned
   * @throws what `work` threw; `KAFKA_UNAVAILABLE` where it could not be recorded, and nothing was done then
   */
  async around<T>(actor: Actor, deed: Deed, work: (told: (result: string) => Promise<void>) => Promise<T>): Promise<T> {
    const actionId = randomUUID();
    await this.#write(actionId, actor, deed, 'asked', '');
    const end = (outcome: AuditOutcome, result: string): Promise<void> =>
      this.#write(actionId, actor, deed, outcome, result).catch((error: unknown) => {
        this.unrecorded += 1;
        const { action, subject } = deed;
        this.#log.error({ err: error, actionId, action, subject, outcome }, 'What came of an action is not on record');
      });
    let said = false;
    let made: T;
    try {
      made = await work((result) => {
        said = true;
        return end('done', result);
      });
    } catch (error) {
      await end('failed', (error as Error).message);
      throw error;
    }
    if (!said) await end('done', '');
    return made;
  }

  /** Record something that needs no work, or that was not allowed. */
  note(actor: Actor, deed: Deed, outcome: AuditOutcome, result = ''): Promise<void> {
    return this.#write(randomUUID(), actor, deed, outcome, result);
  }

  async #write(actionId: string, actor: Actor, deed: Deed, outcome: AuditOutcome, result: string): Promise<void> {
    const { id: personId, name, role, how: entrance, address } = actor;
    const { action, subject, reason = '', details = {} } = deed;
    const event: AuditEvent = {
      actionId,
      action,
      subject,
      outcome,
      personId,
      name,
      role,
      entrance,
      address,
      reason,
      details: JSON.stringify(details),
      result,
      at: this.#now(),
    };
    await this.#producer.send([{ topic: topics.actions.name, key: subject, value: this.#codec.encode(event) }]);
  }
}
