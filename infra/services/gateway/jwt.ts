import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { CredentialSource } from './config.ts';

/** Tokens that were checked lately, so that each signature costs its time once. */
const remembered = 20_000;
const longestToken = 16_384;

interface Known {
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Checks JSON Web Tokens and tells the claim that identifies their holder. */
export class JwtVerifier {
  readonly #source: Extract<CredentialSource, { from: 'jwt' }>;
  readonly #skewMs: number;
  readonly #keys: JWTVerifyGetKey;
  readonly #known = new Map<string, Known>();

  /**
   * @param skewMs - how far the issuer's clock may differ, milliseconds
   * @throws {EbbtideError} `CONFIG_INVALID` where the keys cannot be read
   */
  constructor(source: Extract<CredentialSource, { from: 'jwt' }>, skewMs: number) {
    this.#source = source;
    this.#skewMs = skewMs;
    this.#keys = source.keysUrl ? createRemoteJWKSet(new URL(source.keysUrl)) : keysOf(source.keysFile!);
  }

  /** The identifier of a token's holder; undefined where the token is not accepted. */
  subjectOf(token: string): string | undefined | Promise<string | undefined> {
    if (token.length > longestToken) return undefined;
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(digest);
    if (known && Date.now() < known.until) return known.subject;
    return this.#verify(token, digest);
  }

  async #verify(token: string, digest: string): Promise<string | undefined> {
    const { issuer, audience, algorithms, claim, prefix } = this.#source;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        algorithms,
        clockTolerance: this.#skewMs / 1000,
        requiredClaims: ['exp'],
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience === undefined ? {} : { audience }),
      });
      const value = payload[claim];
      if (typeof value !== 'string' || !/^[\x21-\x7e]{1,900}$/.test(value)) return undefined;
      if (this.#known.size >= remembered) this.#known.delete(this.#known.keys().next().value!);
      const subject = prefix + value;
      this.#known.set(digest, { subject, until: payload.exp! * 1000 + this.#skewMs });
      return subject;
    } catch {
      return undefined;
    }
  }
}

const keysOf = (file: string): JWTVerifyGetKey => {
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key gateway.credentials[].keysFile names ${file}, which holds no JWKS: ${(cause as Error).message}`,
      { file },
      cause,
    );
  }
};
