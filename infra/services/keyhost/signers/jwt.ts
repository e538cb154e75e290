import { createHash, createPublicKey } from 'node:crypto';
import type { Authentication, Credential } from '../../../../schemas/generated/index.ts';
import { Problem } from '../../../http/problem.ts';
import type { VaultClient } from '../../../vault/client.ts';
import { registered, type SignedKey, type Signer } from './signer.ts';

/** A token begins this long before it was decided, for clocks that differ, in seconds. */
const backdatedS = 30;

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Members of a key that its thumbprint is of, in order (RFC 7638). */
const thumbed: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/**
 * Thumbprint of a public key (RFC 7638), base64url.
 *
 * @param pem - in PEM form
 * @throws {Problem} 400 for what is none
 */
export const thumbprintOf = (pem: string): string => {
  try {
    const jwk = createPublicKey(pem).export({ format: 'jwk' }) as Record<string, string>;
    const members = thumbed[jwk.kty ?? '']!.map((name) => [name, jwk[name]]);
    return createHash('sha256')
      .update(JSON.stringify(Object.fromEntries(members)))
      .digest('base64url');
  } catch {
    throw new Problem(
      400,
      'key-refused',
      'The public key is refused; it must be one in PEM form, of EC, Ed25519 or RSA',
    );
  }
};

/**
 * JSON Web Tokens (RFC 7519) that are signed with ES256 by a key of a transit engine, and bound to their holder's key by its
 * thumbprint (RFC 7800). Vault keeps nothing of them and can revoke none: whoever accepts them asks the key host which are
 * denied, by their `jti`.
 */
export class JwtSigner implements Signer {
  readonly kind = 'jwt';
  readonly takes = 'publicKey';
  readonly revocable = false;
  readonly #vault: VaultClient;
  readonly #place: { readonly mount: string; readonly role: string };
  readonly #issuer: string;

  /** @param place - transit engine, and the name of its key */
  constructor(vault: VaultClient, place: { readonly mount: string; readonly role: string }, issuer: string) {
    this.#vault = vault;
    this.#place = place;
    this.#issuer = issuer;
  }

  check(publicKey: string): void {
    thumbprintOf(publicKey);
  }

  async sign({ user, credentialId, decidedAt, expiresAt }: Authentication, publicKey: string): Promise<SignedKey> {
    const { mount, role } = this.#place;
    const jkt = thumbprintOf(publicKey);
    const { data: key } = await this.#vault.read<{
      latest_version: number;
      keys: Readonly<Record<string, { public_key: string }>>;
    }>(`${mount}/keys/${encodeURIComponent(role)}`);
    const version = key.latest_version;
    const decidedS = Math.floor(decidedAt / 1000);
    const signing = [
      base64url({ alg: 'ES256', typ: 'JWT', kid: `${role}:v${version}` }),
      base64url({
        iss: this.#issuer,
        sub: user,
        jti: credentialId,
        iat: decidedS,
        nbf: decidedS - backdatedS,
        exp: Math.floor(expiresAt / 1000),
        cnf: { jkt },
      }),
    ].join('.');
    const { data } = await this.#vault.write<{ signature: string }>(
      `${mount}/sign/${encodeURIComponent(role)}`,
      {
        input: Buffer.from(signing).toString('base64'),
        key_version: version,
        hash_algorithm: 'sha2-256',
        marshaling_algorithm: 'jws',
      },
      { operation: 'signKey' },
    );
    // vault:v1:<signature>
    const signature = data.signature.split(':')[2];
    return {
      kind: 'jwt',
      serial: credentialId,
      certificate: `${signing}.${signature}`,
      issuingCa: key.keys[String(version)]!.public_key,
    };
  }

  /** The same claims, signed anew. */
  again(authentication: Authentication, publicKey: string): Promise<SignedKey> {
    return this.sign(authentication, publicKey);
  }

  async revoke(): Promise<void> {}

  credentialOf({ serial }: SignedKey, authentication: Authentication): Credential {
    return registered(authentication, { kind: 'key', reference: serial, ...this.#place, shortening: 'none' });
  }
}
