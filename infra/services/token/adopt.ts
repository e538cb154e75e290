import { createHash } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Credential, Shortening } from '../../../schemas/generated/index.ts';
import { Actuator } from '../../vault/actuator.ts';
import type { VaultClient } from '../../vault/client.ts';
import type { Life } from '../../vault/kinds/kind.ts';

/** What a credential that exists already is found by; never the secret itself. */
export type AdoptReference =
  | { readonly accessor: string }
  | { readonly leaseId: string }
  | { readonly serial: string; readonly mount?: string };

/** What is to be adopted, and who holds it. */
export interface AdoptRequest {
  readonly reference: AdoptReference;
  readonly function: string;
  readonly instance: string;
  /** @default made from what Vault calls it, so that adopting twice gives one entry */
  readonly credentialId?: string;
  /** Longest life that a decision may give it, milliseconds. @default the longer of its issued and its remaining life */
  readonly maxTtlMs?: number;
}

/** What adopting needs. */
export interface AdoptParts {
  readonly vault: VaultClient;
  /** Writes the entry into the register; see {@link Registrar}. */
  readonly register: (credential: Credential) => Promise<void>;
  /** @default the wall clock */
  readonly now?: () => number;
}

/**
 * Register a credential that exists already, with what Vault says of it: kind, life, and how far that can be shortened.
 *
 * @returns its entry in the register
 * @throws {EbbtideError} `NOT_FOUND` when Vault has no such credential, `REQUEST_INVALID` for a token in place of an
 *   accessor, or what Vault or Kafka failed with
 * @example
 * await adoptCredential({ vault, register }, { reference: { accessor }, function: 'billing', instance: 'billing-1' });
 */
export const adoptCredential = async (parts: AdoptParts, request: AdoptRequest): Promise<Credential> => {
  const now = parts.now ?? Date.now;
  const { kind, reference, mount } = identify(request.reference);
  if (/^(hvs|hvb|hvr)\.|^[sbr]\.[A-Za-z0-9]{20,}$/.test(reference))
    throw new EbbtideError(
      'REQUEST_INVALID',
      'That is a token, and not its accessor; look the accessor up and give that',
      {},
    );
  const life = await new Actuator(parts.vault, now).kindOf({ kind, mount })!.lookup(reference);
  if (!life) throw new EbbtideError('NOT_FOUND', `Vault has no living ${kind} "${reference}"`, { kind, reference });
  const at = now();
  const issuedAt = life.issuedAt ?? at;
  const expiresAt = Math.round(life.expiresAt ?? Number.MAX_SAFE_INTEGER / 2);
  const ttlMs = Math.max(1, life.issuedTtlMs ?? Math.round(expiresAt - issuedAt));
  const credential: Credential = {
    credentialId:
      request.credentialId ??
      `adopted-${createHash('sha256').update(`${kind}/${mount}/${reference}`).digest('hex').slice(0, 16)}`,
    kind,
    reference,
    mount,
    role: life.role,
    entityId: life.entityId,
    function: request.function,
    instance: request.instance,
    event: '',
    issuedAt,
    expiresAt,
    ttlMs,
    maxTtlMs: Math.max(ttlMs, request.maxTtlMs ?? Math.round(life.remainingMs ?? 0)),
    explicitMaxExpiresAt: life.explicitMaxExpiresAt,
    shortening: shorteningOf(life),
    status: 'active',
  };
  await parts.register(credential);
  return credential;
};

const identify = (
  reference: AdoptReference,
): Pick<Credential, 'reference' | 'mount'> & { kind: 'token' | 'lease' | 'certificate' } => {
  if ('accessor' in reference) return { kind: 'token', reference: reference.accessor, mount: 'auth/token' };
  if ('leaseId' in reference)
    return { kind: 'lease', reference: reference.leaseId, mount: reference.leaseId.split('/')[0] ?? '' };
  return { kind: 'certificate', reference: reference.serial, mount: reference.mount ?? 'pki' };
};

const shorteningOf = (life: Life): Shortening => {
  if (life.fixed === '') return 'continuous';
  return /batch/.test(life.fixed) ? 'none' : 'revocable';
};
