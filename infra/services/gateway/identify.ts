import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { CredentialSource, GatewayConfig } from './config.ts';
import { JwtVerifier } from './jwt.ts';
import { maxCredentialBytes } from './table/rows.ts';

/** A header's value by its name in small letters. */
export type HeaderOf = (name: string) => string | undefined;

const shortestKey = 32;
const longestSecret = 8192;

/** Tells the identifier of a header's value; undefined where it is not accepted. */
type Reader = (value: string) => string | undefined | Promise<string | undefined>;

/** Read the key of the hash of secrets; where the file is not there and may be made, it is made. */
export const readHashKey = async (path: string, make: boolean): Promise<Buffer> => {
  if (make) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch((error) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key gateway.hashKeyFile names ${path}, which cannot be read: ${cause.message}`,
      { key: 'gateway.hashKeyFile', path },
      cause,
    );
  });
  const key = Buffer.from(text.trim());
  if (key.length >= shortestKey) return key;
  throw new EbbtideError(
    'CONFIG_INVALID',
    `The key in ${path} has ${key.length} characters; give it at least ${shortestKey} random ones`,
    { key: 'gateway.hashKeyFile', path },
  );
};

/**
 * The identifier of a secret: it stands in topics and logs instead of the secret, and cannot be turned back into it
 * without the key.
 *
 * @returns `key-` and 22 characters: 128 bits of HMAC-SHA-256
 */
export const identifierOf = (secret: string, key: Buffer): string =>
  `key-${createHmac('sha256', key).update(secret).digest('base64url').slice(0, 22)}`;

/** Finds out which credential a request brings; never keeps, logs or passes on the credential itself. */
export class Identifier {
  readonly #sources: readonly Reader[];
  readonly #places: readonly Pick<CredentialSource, 'header'>[];

  constructor({ credentials, clockSkewMs }: Pick<GatewayConfig, 'credentials' | 'clockSkewMs'>, key: Buffer) {
    this.#places = credentials;
    this.#sources = credentials.map((source) => readerOf(source, key, clockSkewMs));
  }

  /** Headers in which credentials are looked for. */
  get headers(): string[] {
    return [...new Set(this.#places.map(({ header }) => header))];
  }

  /**
   * The identifier of the first credential that is there. One that is there but not accepted counts as none: the next
   * source is not tried, so that a bad credential cannot be made up for by a worse one.
   */
  identify(headerOf: HeaderOf): string | undefined | Promise<string | undefined> {
    for (let i = 0; i < this.#sources.length; i++) {
      const value = headerOf(this.#places[i]!.header);
      if (value !== undefined && value !== '') return this.#sources[i]!(value);
    }
    return undefined;
  }
}

const readerOf = (source: CredentialSource, key: Buffer, skewMs: number): Reader => {
  if (source.from === 'name') return (value) => (isPlain(value) ? source.prefix + value : undefined);
  if (source.from === 'secret')
    return (value) => {
      const secret = afterScheme(value, source.scheme);
      return secret === undefined || secret.length > longestSecret ? undefined : identifierOf(secret, key);
    };
  const verifier = new JwtVerifier(source, skewMs);
  return (value) => {
    const token = afterScheme(value, source.scheme);
    return token === undefined ? undefined : verifier.subjectOf(token);
  };
};

const afterScheme = (value: string, scheme: string | undefined): string | undefined => {
  if (scheme === undefined) return value.trim();
  const space = value.indexOf(' ');
  if (space < 0 || value.slice(0, space).toLowerCase() !== scheme.toLowerCase()) return undefined;
  return value.slice(space + 1).trim() || undefined;
};

/** Printable ASCII of a length that the table can hold. */
const isPlain = (value: string): boolean => value.length <= maxCredentialBytes - 64 && /^[\x21-\x7e]+$/.test(value);
