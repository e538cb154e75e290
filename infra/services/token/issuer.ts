import { randomBytes } from 'node:crypto';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Credential } from '../../../schemas/generated/index.ts';
import type { VaultClient } from '../../vault/client.ts';
import type { CredentialRole } from './config.ts';
import type { IssueRequest } from './requests.ts';

/** A fresh credential: its entry for the register, and the secret, which is handed over once and kept nowhere. */
export interface Issued {
  readonly credential: Credential;
  readonly secret: Readonly<Record<string, unknown>>;
}

type RoleOf<K extends CredentialRole['kind']> = Extract<CredentialRole, { kind: K }>;

const wholeSeconds = (ms: number): number => Math.max(1, Math.round(ms / 1000));

/** Has Vault issue credentials of each kind. */
export class Issuer {
  readonly #vault: VaultClient;
  readonly #now: () => number;

  constructor(vault: VaultClient, now: () => number) {
    this.#vault = vault;
    this.#now = now;
  }

  /** @throws {EbbtideError} what Vault failed with; never repeated once Vault may have issued something */
  issue(request: IssueRequest, role: CredentialRole): Promise<Issued> {
    if (role.kind === 'token') return this.#token(request, role);
    if (role.kind === 'lease') return this.#lease(request, role);
    return this.#certificate(request, role);
  }

  async #token(request: IssueRequest, role: RoleOf<'token'>): Promise<Issued> {
    const { auth } = await this.#vault.write(
      `auth/token/create/${encodeURIComponent(role.vaultRole)}`,
      {
        policies: role.policies,
        no_default_policy: true,
        renewable: true,
        ttl: `${wholeSeconds(role.ttlMs)}s`,
        explicit_max_ttl: `${wholeSeconds(role.explicitMaxTtlMs)}s`,
        entity_alias: request.function,
        display_name: request.function,
        meta: { event: request.event, function: request.function, instance: request.instance },
      },
      { operation: 'createToken', unrepeatable: true },
    );
    if (!auth) throw new EbbtideError('VAULT_REJECTED', 'Vault issued no token', {});
    const issuedAt = this.#now();
    const ttlMs = auth.lease_duration * 1000;
    const credential = this.#credential(request, role, {
      kind: 'token',
      reference: auth.accessor,
      mount: 'auth/token',
      role: role.vaultRole,
      entityId: auth.entity_id || null,
      issuedAt,
      ttlMs,
      expiresAt: issuedAt + ttlMs,
      explicitMaxExpiresAt: issuedAt + role.explicitMaxTtlMs,
      shortening: auth.renewable ? 'continuous' : 'revocable',
    });
    return { credential, secret: { token: auth.client_token, accessor: auth.accessor } };
  }

  /**
   * A lease ends with the token that fetched it, so it gets one of its own: were it the service's, all leases would end
   * with the service's login.
   */
  async #lease(request: IssueRequest, role: RoleOf<'lease'>): Promise<Issued> {
    const holder = await this.#vault.write(
      `auth/token/create/${encodeURIComponent(role.holderRole)}`,
      {
        policies: role.holderPolicies,
        no_default_policy: true,
        renewable: false,
        ttl: `${wholeSeconds(role.maxTtlMs) + 60}s`,
        entity_alias: request.function,
        meta: { event: request.event, function: request.function, instance: request.instance },
      },
      { operation: 'createToken', unrepeatable: true },
    );
    if (!holder.auth) throw new EbbtideError('VAULT_REJECTED', 'Vault issued no token to hold the lease', {});
    const { auth } = holder;
    try {
      const answer = await this.#vault.read<Record<string, unknown>>(role.path, {
        token: auth.client_token,
        operation: 'readLease',
        unrepeatable: true,
      });
      const wantedS = wholeSeconds(role.ttlMs);
      const leaseId = answer.lease_id;
      const renewed = answer.renewable
        ? await this.#vault.write(
            'sys/leases/renew',
            { lease_id: leaseId, increment: wantedS },
            { operation: 'renewLease' },
          )
        : answer;
      const issuedAt = this.#now();
      const ttlMs = renewed.lease_duration * 1000;
      const credential = this.#credential(request, role, {
        kind: 'lease',
        reference: leaseId,
        mount: role.path.split('/')[0] ?? role.path,
        role: role.path,
        entityId: auth.entity_id || null,
        issuedAt,
        ttlMs,
        expiresAt: issuedAt + ttlMs,
        explicitMaxExpiresAt: null,
        shortening: answer.renewable ? 'continuous' : 'revocable',
      });
      return { credential, secret: { secret: answer.data } };
    } catch (error) {
      await this.#vault
        .write('auth/token/revoke-accessor', { accessor: auth.accessor }, { operation: 'revokeToken' })
        .catch(() => {});
      throw error;
    }
  }

  async #certificate(request: IssueRequest, role: RoleOf<'certificate'>): Promise<Issued> {
    const commonName = role.commonName.replace(
      /\{(function|instance|event)\}/g,
      (_, key: 'function' | 'instance' | 'event') => request[key],
    );
    const { data } = await this.#vault.write<{
      certificate: string;
      issuing_ca: string;
      ca_chain?: string[];
      private_key: string;
      serial_number: string;
      expiration: number;
    }>(
      `${role.mount}/issue/${encodeURIComponent(role.pkiRole)}`,
      { common_name: commonName, ttl: `${wholeSeconds(role.ttlMs)}s` },
      { operation: 'issueCertificate', unrepeatable: true },
    );
    const issuedAt = this.#now();
    const expiresAt = data.expiration * 1000;
    const credential = this.#credential(request, role, {
      kind: 'certificate',
      reference: data.serial_number,
      mount: role.mount,
      role: role.pkiRole,
      entityId: null,
      issuedAt,
      ttlMs: Math.max(1, expiresAt - issuedAt),
      expiresAt,
      explicitMaxExpiresAt: expiresAt,
      shortening: 'revocable',
    });
    const secret = {
      certificate: data.certificate,
      issuingCa: data.issuing_ca,
      privateKey: data.private_key,
      serial: data.serial_number,
    };
    return { credential, secret };
  }

  #credential(
    request: IssueRequest,
    role: CredentialRole,
    issued: Omit<Credential, 'credentialId' | 'function' | 'instance' | 'event' | 'maxTtlMs' | 'status'>,
  ): Credential {
    return {
      ...issued,
      credentialId: `${request.function}-${randomBytes(8).toString('hex')}`,
      function: request.function,
      instance: request.instance,
      event: request.event,
      maxTtlMs: Math.max(role.maxTtlMs, issued.ttlMs),
      status: 'active',
    };
  }
}
