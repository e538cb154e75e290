import { createHash, timingSafeEqual } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import { readSecret } from '../../vault/session.ts';

const shortest = 16;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Finds out to whom a bearer token belongs (RFC 6750, in the header alone). */
export class BearerTokens<T> {
  readonly #owners: { readonly digest: Buffer; readonly owner: T }[] = [];

  /** @throws {EbbtideError} `CONFIG_INVALID` where the file cannot be read or holds fewer than 16 characters */
  async add(file: string, owner: T): Promise<void> {
    const token = await readSecret(file);
    if (token.length < shortest)
      throw new EbbtideError('CONFIG_INVALID', `The token in ${file} must have at least ${shortest} characters`, {
        file,
      });
    this.#owners.push({ digest: digest(token), owner });
  }

  /** @param authorization - the request's header */
  ownerOf(authorization: string | undefined): T | undefined {
    const token = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const given = digest(token);
    let found: T | undefined;
    // Every one is compared, so that the time tells nothing
    for (const { digest, owner } of this.#owners) if (timingSafeEqual(digest, given)) found = owner;
    return found;
  }
}
