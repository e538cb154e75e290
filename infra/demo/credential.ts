import { EbbtideError } from '../../schemas/errors.ts';

/** A credential as the token service hands it to a function: the only place where the secret is. */
export interface HeldCredential {
  readonly credentialId: string;
  readonly token: string;
}

/** Where a function gets its credential, and where it uses it. */
export interface Places {
  /** URL of the token service. */
  readonly tokenUrl: string;
  /** Secret that callers of the token service share. */
  readonly sharedSecret: string;
  /** URL of Vault. */
  readonly vaultUrl: string;
  /** Path below `/v1/` that a function reads with its credential. */
  readonly secretPath: string;
}

const timeoutMs = 5_000;

const post = async (
  places: Places,
  path: string,
  body: object,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(new URL(path, places.tokenUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${places.sharedSecret}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, body: (await response.json().catch(() => ({}))) as Record<string, unknown> };
};

/** Ask the token service for a credential. @throws {EbbtideError} `FORBIDDEN` when it does not give one */
export const obtain = async (
  places: Places,
  request: { event: string; function: string; instance: string },
): Promise<HeldCredential> => {
  const { status, body } = await post(places, '/v1/credentials', request);
  if (status !== 201)
    throw new EbbtideError(
      'FORBIDDEN',
      `The token service answered ${status}: ${String(body.detail ?? body.title ?? 'no reason')}`,
      { status },
    );
  return { credentialId: String(body.credentialId), token: String(body.token) };
};

/** What the token service says of a credential's life, milliseconds. */
export interface LifeLeft {
  readonly remainingMs: number;
  /** TTL that the current decision grants. */
  readonly ttlMs: number;
}

const lifeIn = (body: Record<string, unknown>): LifeLeft => ({
  remainingMs: Number(body.remainingMs),
  ttlMs: Number(body.ttlMs),
});

/** Ask how long it still lives. @returns undefined when the token service does not say */
export const lifeLeft = async (places: Places, { credentialId }: HeldCredential): Promise<LifeLeft | undefined> => {
  const response = await fetch(new URL(`/v1/credentials/${encodeURIComponent(credentialId)}`, places.tokenUrl), {
    headers: { authorization: `Bearer ${places.sharedSecret}` },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  return response.ok ? lifeIn(body) : undefined;
};

/** Ask for more life. @returns what is granted, or why nothing is */
export const renew = async (
  places: Places,
  { credentialId }: HeldCredential,
): Promise<LifeLeft | { refused: string }> => {
  const { status, body } = await post(places, `/v1/credentials/${encodeURIComponent(credentialId)}/renew`, {});
  return status === 200 ? lifeIn(body) : { refused: `${status} ${String(body.detail ?? body.title ?? '')}`.trim() };
};

/** Read a secret from Vault with the credential. @returns Vault's status, and its own words where it refuses */
export const use = async (places: Places, { token }: HeldCredential): Promise<{ status: number; words: string }> => {
  const response = await fetch(new URL(`/v1/${places.secretPath}`, places.vaultUrl), {
    headers: { 'x-vault-token': token },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const body = (await response.json().catch(() => ({}))) as { errors?: string[] };
  const words = (body.errors ?? []).join('; ').replaceAll(/\s+/g, ' ').replaceAll('* ', '').trim();
  return { status: response.status, words: words.replace(/^1 error occurred: /, '') };
};
