import { createHash } from 'node:crypto';
import { eventTypes, type SecurityEvent, type SubjectId } from '../../../../schemas/securityEvents.ts';
import type { ReceiverAccount, TransmitterConfig } from '../config.ts';
import type { SigningKey } from '../signingKey.ts';
import { type Stream, takes } from './stream.ts';
import type { Streams } from './streams.ts';

/** A token that was put into a stream. */
export interface QueuedToken {
  readonly stream: Stream;
  readonly claims: Readonly<Record<string, unknown>> & { readonly jti: string; readonly iat: number };
  readonly set: string;
  /** Tokens that had to be given up for it. */
  readonly givenUp: number;
}

/** What the transmitter works with. */
export interface TransmitterParts {
  readonly issuer: string;
  readonly key: SigningKey;
  readonly streams: Streams;
  readonly accounts: ReadonlyMap<string, ReceiverAccount>;
  readonly config: TransmitterConfig;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);

/** Makes security event tokens of events, and puts them into the streams that take them. */
export class Transmitter {
  readonly parts: TransmitterParts;

  constructor(parts: TransmitterParts) {
    this.parts = parts;
  }

  /** The identifier of one of our subjects (RFC 9493), in the configured format. */
  subjectId(subject: string): SubjectId {
    const { config, issuer } = this.parts;
    if (config.subjectFormat === 'opaque') return { format: 'opaque', id: subject };
    if (config.subjectFormat === 'email' && /^[^@\s]+@[^@\s]+$/.test(subject))
      return { format: 'email', email: subject };
    return { format: 'iss_sub', iss: issuer, sub: subject };
  }

  /** Event types that a stream's receiver may have. */
  supported({ receiver }: Pick<Stream, 'receiver'>): readonly string[] {
    return this.parts.accounts.get(receiver)?.events ?? [];
  }

  /**
   * Put an event into every stream that takes it. The same event twice gives the same `jti`, so that nothing is
   * delivered twice which has not been delivered yet, and a receiver recognises the rest.
   */
  async send(event: SecurityEvent): Promise<readonly QueuedToken[]> {
    const subject = this.subjectId(event.subject);
    const queued: QueuedToken[] = [];
    for (const stream of this.parts.streams.all())
      if (takes(stream, this.supported(stream), event.type, subject))
        queued.push(await this.#queue(stream, event.type, event.claims, subject, event.txn));
    return queued;
  }

  /** Put a verification event into a stream (SSF 1.0, section 8.1.4). */
  verify(stream: Stream, state: string | undefined): Promise<QueuedToken> {
    const claims = state === undefined ? {} : { state };
    return this.#queue(stream, eventTypes.verification, claims, streamSubject(stream), `${state}/${this.parts.now()}`);
  }

  async #queue(
    stream: Stream,
    type: string,
    event: Readonly<Record<string, unknown>>,
    subject: SubjectId,
    cause: string,
  ): Promise<QueuedToken> {
    const { issuer, key, streams, now } = this.parts;
    const claims = {
      iss: issuer,
      jti: hash(stream.stream_id, type, cause),
      iat: Math.floor(now() / 1000),
      aud: stream.aud.length === 1 ? stream.aud[0] : stream.aud,
      // The cause itself names what is nobody else's business
      txn: hash(cause),
      sub_id: subject,
      events: { [type]: event },
    };
    const set = await key.sign(claims);
    const givenUp = await streams.add(stream.stream_id, { jti: claims.jti, set });
    return { stream, claims, set, givenUp };
  }
}

const streamSubject = ({ stream_id }: Stream): SubjectId => ({ format: 'opaque', id: stream_id });
