import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { EbbtideError } from '../../../schemas/errors.ts';

/** Signs tokens, and shows the keys that check them. */
export interface SigningKey {
  /** Public keys: the one that signs first, then those of which tokens may still be about. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /**
   * A signed security event token (RFC 8417): typed `secevent+jwt`, RS256, without `sub` and `exp`, as SSF 1.0,
   * section 4.1 has it.
   */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

const algorithm = 'RS256';
const modulusLength = 2048;

const publicOf = ({ kty, n, e, kid }: JWK): JWK => ({ kty, n, e, kid, use: 'sig', alg: algorithm }) as JWK;

/**
 * The signing key out of a file, which is made where it is missing, readable by its owner alone. The file is a JWK set;
 * to change keys put a new one in front, and take the old one out once its tokens are delivered.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where the file holds no private RSA keys of 2048 bits and more
 */
export const openSigningKey = async (path: string): Promise<SigningKey> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let keys: readonly JWK[];
  try {
    keys = (JSON.parse(await readFile(path, 'utf8')) as { keys: JWK[] }).keys;
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ENOENT')
      throw new EbbtideError('CONFIG_INVALID', `Signing keys in ${path} cannot be read`, { path }, cause);
    keys = [await newKey()];
    await writeFile(path, JSON.stringify({ keys }), { mode: 0o600, flag: 'wx' });
  }
  for (const key of keys)
    if (key.kty !== 'RSA' || !key.d || Buffer.from(key.n ?? '', 'base64url').length * 8 < modulusLength)
      throw new EbbtideError('CONFIG_INVALID', `Keys in ${path} must be private RSA keys of ${modulusLength} bits`, {
        path,
      });
  const [first] = keys;
  if (!first) throw new EbbtideError('CONFIG_INVALID', `There is no key in ${path}`, { path });
  const privateKey = await importJWK(first, algorithm);
  const named = await Promise.all(
    keys.map(async (key) => ({ ...key, kid: key.kid ?? (await calculateJwkThumbprint(key)) })),
  );
  const kid = named[0]!.kid;
  return {
    jwks: { keys: named.map(publicOf) },
    sign: (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, typ: 'secevent+jwt', kid }).sign(privateKey),
  };
};

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(algorithm, { modulusLength, extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key) };
};
