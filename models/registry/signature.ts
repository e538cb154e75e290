import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EbbtideError } from '../../schemas/errors.ts';
import type { Signature, VersionRecord } from './record.ts';

/** A key that signs, or verifies, or (a shared secret) does both. */
export interface RegistryKey {
  readonly algorithm: Signature['algorithm'];
  /** The first 16 hexadecimal digits of the hash of what verifies; empty for a shared secret, of which nothing is told. */
  readonly keyId: string;
  readonly key: KeyObject;
}

const shortestSecret = 32;

/**
 * Read a key: an Ed25519 key in PEM (private to sign, public or private to verify), else a shared secret for HMAC.
 *
 * @param setting - where the file is named, for messages
 * @throws EbbtideError CONFIG_INVALID when it cannot be read, is of another kind, or is a secret of under 32 bytes
 */
export const readRegistryKey = (file: string, setting: string, use: 'sign' | 'verify'): RegistryKey => {
  const invalid = (why: string, cause?: unknown) =>
    new EbbtideError('CONFIG_INVALID', `Key ${setting} names ${file}, ${why}`, { key: setting, file }, cause);
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (cause) {
    throw invalid(`which cannot be read: ${(cause as Error).message}`, cause);
  }
  if (!content.includes('-----BEGIN')) {
    const secret = Buffer.from(content.toString('latin1').trimEnd(), 'latin1');
    if (secret.length < shortestSecret)
      throw invalid(`which holds ${secret.length} bytes; a shared secret needs ${shortestSecret}`);
    return { algorithm: 'hmac-sha256', keyId: '', key: createSecretKey(secret) };
  }
  let key: KeyObject;
  try {
    key = use === 'sign' ? createPrivateKey(content) : createPublicKey(content);
  } catch (cause) {
    throw invalid(`which holds no key to ${use} with; write an Ed25519 key in PEM`, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw invalid(`which holds a key of type ${key.asymmetricKeyType}; write an Ed25519 key`);
  const open = key.type === 'private' ? createPublicKey(key) : key;
  const keyId = createHash('sha256')
    .update(open.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
  return { algorithm: 'ed25519', keyId, key };
};

/** What is signed: the whole record, so that a signature cannot be moved to another. */
const statementOf = ({ signature: _, ...record }: VersionRecord): Buffer =>
  Buffer.from(`ebbtide model\n${JSON.stringify(record)}\n`);

/** Sign a version's record, which holds the hash of every file. */
export const signVersion = (key: RegistryKey, record: VersionRecord): Signature => {
  const statement = statementOf(record);
  const value =
    key.algorithm === 'ed25519'
      ? sign(null, statement, key.key)
      : createHmac('sha256', key.key).update(statement).digest();
  return { algorithm: key.algorithm, keyId: key.keyId, value: value.toString('base64') };
};

/** Why a version's signature does not hold, undefined where it does. */
export const signatureProblem = (key: RegistryKey, record: VersionRecord): string | undefined => {
  const { signature } = record;
  if (!signature) return 'it is not signed, and models.verifyKeyFile demands it';
  if (signature.algorithm !== key.algorithm)
    return `it is signed with ${signature.algorithm}, while models.verifyKeyFile holds a key for ${key.algorithm}`;
  if (signature.keyId !== key.keyId)
    return `it is signed with key ${signature.keyId}, while models.verifyKeyFile holds key ${key.keyId}`;
  const statement = statementOf(record);
  const value = Buffer.from(signature.value, 'base64');
  if (key.algorithm === 'ed25519')
    return verify(null, statement, key.key, value) ? undefined : 'its signature does not match';
  const expected = createHmac('sha256', key.key).update(statement).digest();
  return value.length === expected.length && timingSafeEqual(value, expected)
    ? undefined
    : 'its signature does not match';
};
