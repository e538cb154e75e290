import type { Person } from '../../../models/biometric/index.ts';
import { decodePerson } from '../../../models/biometric/personFile.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Authentication, Baseline, BiometricTelemetry, Credential } from '../../../schemas/generated/index.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext } from '../../context.ts';
import type { VaultClient } from '../../vault/client.ts';
import { UserKeys } from '../../vault/userKeys.ts';
import { Pseudonyms } from './pseudonyms.ts';

/** Reads topics to where they end now; null is a tombstone. */
export type ReadTopics = (
  context: AppContext,
  specs: readonly (typeof topics)[keyof typeof topics][],
  each: (topic: string, key: string, record: unknown) => void,
) => Promise<void>;

/** All that is kept of one user's behaviour. */
export interface KeptOfUser {
  /** Pseudonym under which it is kept. */
  readonly user: string;
  /** Sign-ins: what was decided and why, with the consent it rests on, purpose and lawful basis. */
  readonly authentications: readonly Authentication[];
  /** Keys that were issued; never the keys themselves. */
  readonly keys: readonly Credential[];
  /** What was learned, by modality: numbers of a sample, and samples one after the other. */
  readonly baseline: Readonly<Record<string, { features: number; anchor: number[]; recent: number[] }>> | null;
  /** Bursts that were kept, with their features opened; null where they cannot be opened any more. */
  readonly behaviour: readonly (Pick<
    BiometricTelemetry,
    'session' | 'time' | 'modality' | 'featureHash' | 'purpose' | 'lawfulBasis'
  > & { readonly features: Readonly<Record<string, number>> | null })[];
}

const numbersOf = (person: Person): KeptOfUser['baseline'] =>
  Object.fromEntries(
    [...person].map(([modality, { features, anchor, recent }]) => [
      modality,
      { features, anchor: [...anchor], recent: [...recent] },
    ]),
  );

/**
 * Everything that is kept of a user's behaviour, in plain numbers: the answer to a request for access (GDPR, article 15)
 * and for portability (article 20).
 *
 * @param user - as endpoints call them
 * @throws {EbbtideError} `NOT_FOUND` where nothing is kept, or what Vault or Kafka failed with
 */
export const exportUser = async (
  context: AppContext,
  vault: VaultClient,
  user: string,
  read: ReadTopics,
): Promise<KeptOfUser> => {
  const pseudonym = await new Pseudonyms(vault).of(user);
  const userKeys = new UserKeys(vault);
  const authentications: Authentication[] = [];
  const bursts: BiometricTelemetry[] = [];
  const keys = new Map<string, Credential>();
  let baseline: Baseline | null = null;
  const wanted = [topics.authentications, topics.baselines, topics.telemetryBiometric, topics.credentials];
  await read(context, wanted, (topic, key, record) => {
    if (topic === topics.credentials.name) {
      const credential = record as Credential | null;
      if (credential?.instance === pseudonym) keys.set(key, credential);
    } else if (key !== pseudonym) return;
    else if (topic === topics.baselines.name) baseline = record as Baseline | null;
    else if (topic === topics.authentications.name) authentications.push(record as Authentication);
    else if (!(record as BiometricTelemetry).issued) bursts.push(record as BiometricTelemetry);
  });
  if (authentications.length + bursts.length + keys.size === 0 && !baseline)
    throw new EbbtideError('NOT_FOUND', 'Nothing is kept of this user', { user: pseudonym });
  const { sealed } = (baseline as Baseline | null) ?? { sealed: null };
  const person = sealed ? await userKeys.open(pseudonym, sealed) : undefined;
  const behaviour: KeptOfUser['behaviour'][number][] = [];
  for (const { session, time, modality, featureHash, purpose, lawfulBasis, features, sealed } of bursts) {
    const opened = sealed ? await userKeys.open(pseudonym, sealed) : undefined;
    const kept = opened ? (JSON.parse(opened.toString('utf8')) as Record<string, number>) : sealed ? null : features;
    behaviour.push({ session, time, modality, featureHash, purpose, lawfulBasis, features: kept });
  }
  return {
    user: pseudonym,
    authentications,
    keys: [...keys.values()],
    baseline: person ? numbersOf(decodePerson(person)) : null,
    behaviour,
  };
};

/**
 * Erase a user's behaviour (GDPR, article 17): destroy their key, so that whatever was sealed with it can be opened nowhere
 * any more, and take the baseline away. What remains are decisions and keys under the pseudonym, until their retention.
 *
 * @returns the pseudonym, and whether there was a key to destroy
 * @throws {EbbtideError} what Vault or Kafka failed with; doing it again is safe
 */
export const eraseUser = async (
  { kafka, registry }: AppContext,
  vault: VaultClient,
  user: string,
): Promise<{ readonly user: string; readonly erased: boolean }> => {
  const pseudonym = await new Pseudonyms(vault).of(user);
  const erased = await new UserKeys(vault).erase(pseudonym);
  const codec = await TopicCodec.open<Baseline>(topics.baselines, registry);
  const producer = await kafka.producer({ lingerMs: 0 });
  try {
    await producer.send([{ topic: codec.topic.name, key: pseudonym, value: null }]);
  } finally {
    await producer.close();
  }
  return { user: pseudonym, erased };
};
