import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { Actuator } from './actuator.ts';
import { denyPolicy } from './bootstrap.ts';
import type { VaultClient } from './client.ts';
import type { Register } from './register.ts';

/**
 * What can be done to all credentials of one entity at once:
 * `disable` refuses its next request and login, and `enable` allows them again, with the same tokens;
 * `deny` attaches a policy that refuses what functions may do, and `allow` takes it away, from entities without others;
 * `revoke` ends each registered credential.
 */
export type EntityAction = 'disable' | 'enable' | 'deny' | 'allow' | 'revoke';

/** What an action on an entity did. */
export interface EntityResult {
  readonly entityId: string;
  readonly action: EntityAction;
  /** Name of the entity at Vault. */
  readonly name: string;
  /** Registered credentials of the entity that have not ended. */
  readonly credentials: number;
  /** Ids of those that were revoked. */
  readonly revoked: readonly string[];
  /** Those that could not be revoked, and why. */
  readonly failed: readonly { readonly credentialId: string; readonly why: string }[];
}

interface EntityParts {
  readonly vault: VaultClient;
  readonly actuator: Actuator;
  readonly register: Register;
}

const instead = {
  deny: 'use disable, which refuses all that the entity does',
  allow: `an administrator of Vault takes ${denyPolicy} off the entity`,
} as const;

const idPattern = /^[\w-]{1,128}$/;

/**
 * Act on all credentials of one entity. Disabling and denying work at its next request and can be undone; dynamic
 * secrets it has already fetched stay valid until they are revoked.
 *
 * @throws {EbbtideError} `NOT_FOUND` when Vault has no such entity, `REQUEST_INVALID` for an id that can be none, or
 *   what Vault failed with: `VAULT_FORBIDDEN` for `deny` and `allow` where the entity has policies of its own and the login
 *   may write none but the one that denies, as the shipped ones may
 * @example
 * await actOnEntity({ vault, actuator, register }, { entityId, action: 'disable' });
 */
export const actOnEntity = async (
  { vault, actuator, register }: EntityParts,
  { entityId, action }: { readonly entityId: string; readonly action: EntityAction },
): Promise<EntityResult> => {
  if (!idPattern.test(entityId))
    throw new EbbtideError('REQUEST_INVALID', `"${entityId}" is no entity id; expected letters, digits and dashes`, {
      entityId,
    });
  const path = `identity/entity/id/${entityId}`;
  const entity = await vault
    .read<{ name: string; policies: readonly string[] | null }>(path, { operation: 'readEntity' })
    .catch((error: unknown) => {
      if (!isEbbtideError(error, 'VAULT_NOT_FOUND')) throw error;
      throw new EbbtideError('NOT_FOUND', `Vault has no entity ${entityId}`, { entityId }, error);
    });
  const credentials = register.ofEntity(entityId);
  const result = { entityId, action, name: entity.data.name, credentials: credentials.length, revoked: [], failed: [] };
  if (action === 'disable' || action === 'enable') {
    await vault.write(path, { disabled: action === 'disable' }, { operation: 'writeEntity' });
    return result;
  }
  if (action === 'deny' || action === 'allow') {
    const policies = entity.data.policies ?? [];
    if (policies.includes(denyPolicy) === (action === 'deny')) return result;
    const others = policies.filter((name) => name !== denyPolicy);
    await vault
      .write(path, { policies: action === 'deny' ? [...others, denyPolicy] : others }, { operation: 'writeEntity' })
      .catch((error: unknown) => {
        if (!isEbbtideError(error, 'VAULT_FORBIDDEN') || others.length === 0) throw error;
        throw new EbbtideError(
          'VAULT_FORBIDDEN',
          `Entity ${entityId} has policies of its own (${others.join(', ')}), and this login may not write a list with others than ${denyPolicy}: ${instead[action]}`,
          { ...error.details, entityId },
          error,
        );
      });
    return result;
  }
  const revoked: string[] = [];
  const failed: { credentialId: string; why: string }[] = [];
  for (const credential of credentials) {
    const application = await actuator
      .apply(credential, { action: 'revoke', ttlMs: 0, writtenAt: 0 })
      .catch((error: unknown) => ({ ended: false, detail: (error as Error).message }));
    if (application.ended) revoked.push(credential.credentialId);
    else failed.push({ credentialId: credential.credentialId, why: application.detail });
  }
  return { ...result, revoked, failed };
};
