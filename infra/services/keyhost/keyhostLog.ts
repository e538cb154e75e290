import type { Person } from '../../../models/biometric/index.ts';
import { specifications } from '../../../models/biometric/specifications.ts';
import { sha256 } from '../../../models/hash.ts';
import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Authentication, Baseline, BiometricTelemetry, Credential } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import type { Batch } from '../../agents/browser/batch.ts';
import type { OutgoingMessage, Producer } from '../../kafka/types.ts';
import { inChild } from '../../tracing/currentSpan.ts';
import type { UserKeys } from '../../vault/userKeys.ts';
import type { Persons } from './persons.ts';

/** Risk that a session begins with whose person is not known yet: it speaks neither for nor against them. */
const unknown = 0.5;
const batchesRemembered = 100_000;
const batchNameLength = 32;

/** Writes what the key host decides, learns and is told, sealed with users' own keys. */
export class KeyhostLog {
  readonly authentications: TopicCodec<Authentication>;
  readonly baselines: TopicCodec<Baseline>;
  readonly #telemetry: TopicCodec<BiometricTelemetry>;
  readonly #credentials: TopicCodec<Credential>;
  readonly #producer: Producer;
  readonly #keys: UserKeys;
  readonly #persons: Persons;
  readonly #timeoutMs: number;
  readonly #seen = new LastSeen<string, true>(batchesRemembered);

  private constructor(
    producer: Producer,
    parts: { readonly keys: UserKeys; readonly persons: Persons; readonly timeoutMs: number },
    codecs: readonly [
      TopicCodec<Authentication>,
      TopicCodec<Baseline>,
      TopicCodec<BiometricTelemetry>,
      TopicCodec<Credential>,
    ],
  ) {
    this.#producer = producer;
    this.#keys = parts.keys;
    this.#persons = parts.persons;
    this.#timeoutMs = parts.timeoutMs;
    [this.authentications, this.baselines, this.#telemetry, this.#credentials] = codecs;
  }

  static async open(
    producer: Producer,
    registry: SchemaRegistry,
    parts: { readonly keys: UserKeys; readonly persons: Persons; readonly timeoutMs: number },
  ): Promise<KeyhostLog> {
    return new KeyhostLog(producer, parts, [
      await TopicCodec.open<Authentication>(topics.authentications, registry),
      await TopicCodec.open<Baseline>(topics.baselines, registry),
      await TopicCodec.open<BiometricTelemetry>(topics.telemetryBiometric, registry),
      await TopicCodec.open<Credential>(topics.credentials, registry),
    ]);
  }

  /**
   * A decision, before anything is signed, with the behaviour that it rests on and what was learned from it.
   *
   * @param before - of whom it was learned
   * @throws {Problem} 503 where that person was erased meanwhile
   */
  async decided(decided: Authentication, batch?: Batch, learned?: Person, before?: Person): Promise<void> {
    const { user, decidedAt, batchDigest } = decided;
    const baseline = learned && (await this.#baseline(decided, learned, before, decidedAt));
    await this.#send([
      ...(batch ? await this.#bursts(decided, batchDigest, batch) : []),
      ...(baseline ? [this.#learned(baseline)] : []),
      this.#decision(decided),
    ]);
    if (baseline) this.#persons.apply(user, baseline);
  }

  /** That a key was issued: from here on the actuator knows it, and the keylife pipeline follows its session. */
  async issued(issued: Authentication, credential: Credential): Promise<void> {
    const { user, session, credentialId, reason, risk, expiresAt, decidedAt, parts } = issued;
    const begun: BiometricTelemetry = {
      ...this.#record(issued),
      session,
      time: decidedAt,
      issued: { credentialId, risk: reason === 'learning' ? unknown : risk, expiresAt, parts },
    };
    await this.#send([
      { topic: topics.credentials.name, key: credentialId, value: this.#credentials.encode(credential) },
    ]);
    await this.#send([
      { topic: topics.telemetryBiometric.name, key: user, value: this.#telemetry.encode(begun) },
      this.#decision(issued),
    ]);
  }

  /** Behaviour of a session. @returns bursts written, 0 for a batch that came before */
  async observed(key: Authentication, digest: string, batch: Batch): Promise<number> {
    if (this.#seen.has(digest)) return 0;
    const bursts = await this.#bursts(key, digest, batch);
    await this.#send(bursts);
    this.#seen.set(digest, true);
    return bursts.length;
  }

  /**
   * What a session under a key has taught.
   *
   * @param before - of whom it was learned
   * @param at - when, epoch milliseconds
   * @throws {Problem} 503 where that person was erased meanwhile
   */
  async learned(key: Authentication, person: Person, before: Person, at: number): Promise<void> {
    const baseline = await this.#baseline(key, person, before, at);
    await this.#send([this.#learned(baseline)]);
    this.#persons.apply(key.user, baseline);
  }

  async #baseline(
    { user, purpose, lawfulBasis }: Authentication,
    person: Person,
    before: Person | undefined,
    updatedAt: number,
  ): Promise<Baseline> {
    return { user, sealed: await this.#persons.seal(user, person, before), updatedAt, purpose, lawfulBasis };
  }

  #learned(baseline: Baseline): OutgoingMessage {
    return { topic: topics.baselines.name, key: baseline.user, value: this.baselines.encode(baseline) };
  }

  #decision(decided: Authentication): OutgoingMessage {
    return { topic: topics.authentications.name, key: decided.user, value: this.authentications.encode(decided) };
  }

  #record({ user, session, purpose, lawfulBasis }: Authentication): BiometricTelemetry {
    return {
      user,
      session,
      time: 0,
      modality: 'unknown',
      features: {},
      featureHash: '',
      purpose,
      lawfulBasis,
      sealed: null,
      issued: null,
      clock: null,
      batch: '',
      place: 0,
    };
  }

  #bursts(key: Authentication, digest: string, batch: Batch): Promise<OutgoingMessage[]> {
    // Behaviour that comes again in another session is a replay, which the pipeline has to see
    const name = sha256(`${key.session}/${digest}`).slice(0, batchNameLength);
    return Promise.all(
      batch.bursts.map(async ({ modality, specification, time, features }, place) => ({
        topic: topics.telemetryBiometric.name,
        key: key.user,
        value: this.#telemetry.encode({
          ...this.#record(key),
          time,
          modality,
          batch: name,
          place,
          featureHash: specifications[specification].hash,
          sealed: await this.#keys.seal(key.user, Buffer.from(JSON.stringify(features))),
        }),
      })),
    );
  }

  async #send(messages: readonly OutgoingMessage[]): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new EbbtideError('KAFKA_UNAVAILABLE', `Kafka did not answer within ${this.#timeoutMs} ms`, {});
      timer = setTimeout(() => reject(error), this.#timeoutMs);
    });
    try {
      await inChild('key on record', (span) => {
        const sent = span ? messages.map((message) => ({ ...message, headers: span.headers })) : messages;
        return Promise.race([this.#producer.send(sent), late]);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
