import { renewalEffect } from '../../../operators/actuate/renewal.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Credential } from '../../../schemas/generated/index.ts';
import { Problem } from '../../http/problem.ts';
import type { Logger } from '../../log.ts';
import type { Actuator } from '../../vault/actuator.ts';
import type { Life } from '../../vault/kinds/kind.ts';
import type { Register } from '../../vault/register.ts';
import { type Caller, fits } from './callers.ts';
import type { TokenServiceConfig } from './config.ts';
import type { DecisionsInForce } from './in-force.ts';
import type { Issued, Issuer } from './issuer.ts';
import type { Registrar } from './registrar.ts';
import type { IssueRequest } from './requests.ts';

/** What a {@link TokenService} works with. */
export interface TokenServiceParts {
  readonly actuator: Actuator;
  readonly issuer: Issuer;
  readonly register: Register;
  readonly registrar: Registrar;
  readonly inForce: DecisionsInForce;
  readonly config: TokenServiceConfig;
  readonly now: () => number;
}

/** What a holder may know of its credential. */
export interface CredentialView {
  readonly credentialId: string;
  readonly kind: Credential['kind'];
  readonly function: string;
  readonly instance: string;
  /** Remaining life, milliseconds; null where Vault does not say. */
  readonly remainingMs: number | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number | null;
  /** TTL that the current decision grants, milliseconds. */
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  readonly state: 'active' | 'extended' | 'shortened' | 'revoked' | 'ended';
}

/** Issues credentials, registers them before anybody has them, and renews them as far as the current decision allows. */
export class TokenService {
  readonly #parts: TokenServiceParts;

  constructor(parts: TokenServiceParts) {
    this.#parts = parts;
  }

  /**
   * @throws {Problem} 403 where the caller may not act for the function or the function may not have the role
   * @throws {EbbtideError} what Vault or Kafka failed with; the credential was taken back then
   */
  async issue(caller: Caller, request: IssueRequest, log: Logger): Promise<Issued> {
    const { config, issuer, register, registrar, actuator, now } = this.#parts;
    const role = Object.hasOwn(config.roles, request.role) ? config.roles[request.role] : undefined;
    if (!role)
      throw new Problem(400, 'role-unknown', `There is no role "${request.role}"`, {
        roles: Object.keys(config.roles),
      });
    if (!caller.mayActFor(request.function))
      throw new Problem(403, 'forbidden', `The caller may not act for function "${request.function}"`);
    if (!fits(role.functions, request.function))
      throw new Problem(403, 'forbidden', `Function "${request.function}" may not have role "${request.role}"`);
    const issued = await issuer.issue(request, role).catch((error: unknown) => {
      if (!isEbbtideError(error, 'VAULT_FORBIDDEN') || !/entity.*disabled/.test(error.message)) throw error;
      throw new Problem(403, 'entity-disabled', `The entity of function "${request.function}" is disabled`);
    });
    try {
      await registrar.write(issued.credential);
    } catch (error) {
      const { credentialId } = issued.credential;
      await actuator
        .apply(issued.credential, { action: 'revoke', ttlMs: 0, writtenAt: now() })
        .then(({ ended }) => log.warn({ credentialId, ended }, 'taken back, since it could not be registered'))
        .catch((failure: { code?: string }) =>
          log.error(
            { credentialId, code: failure.code },
            'could neither be registered nor taken back; it runs out by its TTL',
          ),
        );
      throw error;
    }
    register.apply(issued.credential.credentialId, issued.credential);
    return issued;
  }

  /** @throws {Problem} 404 where there is none, or the caller may not act for its function */
  find(caller: Caller, credentialId: string): Credential {
    const credential = this.#parts.register.get(credentialId);
    if (!credential || !caller.mayActFor(credential.function))
      throw new Problem(404, 'not-found', `There is no credential "${credentialId.slice(0, 200)}" for this caller`);
    return credential;
  }

  /**
   * Lengthen a credential's remaining life to the TTL in force; never one that was shortened or revoked.
   *
   * @throws {Problem} 403 where the current decision grants nothing
   */
  async renew(credential: Credential, log: Logger): Promise<CredentialView> {
    const { actuator, inForce, registrar, now } = this.#parts;
    const began = now();
    const decided = inForce.of(credential);
    const { action, ttlMs } = decided;
    if (action === 'revoke') throw refused(credential, 'credential-revoked', 'It was revoked; ask for a new one', 0);
    const life = await this.#life(credential);
    if (!life) throw refused(credential, 'credential-ended', 'It has ended; ask for a new one', 0);
    if (action === 'shorten') {
      const text = 'It was shortened, and is not renewed until a later decision allows it';
      throw refused(credential, 'credential-shortened', text, life.remainingMs);
    }
    const done = await actuator.apply(credential, { action: 'extend', ttlMs, writtenAt: now() });
    if (done.ended) throw refused(credential, 'credential-ended', 'It has ended; ask for a new one', 0);
    if (done.outcome === 'impossible') throw refused(credential, 'not-renewable', done.detail, done.remainingMs);
    const at = now();
    await registrar.renewed(renewalEffect(credential, ttlMs, done, at - began, at)).catch((error: { code?: string }) =>
      // Vault has renewed it: its holder must not go without for want of a record
      log.warn({ credentialId: credential.credentialId, code: error.code }, 'renewed, but not recorded'),
    );
    // A decision that came meanwhile is not what was granted.
    return this.#view(credential, done, decided);
  }

  async status(credential: Credential): Promise<CredentialView> {
    return this.#view(credential, await this.#life(credential));
  }

  /** The credential right after it was issued. */
  fresh(credential: Credential): CredentialView {
    return this.#view(credential, { remainingMs: credential.ttlMs, expiresAt: credential.expiresAt });
  }

  async #life(credential: Credential): Promise<Life | undefined> {
    return credential.status === 'ended' ? undefined : this.#parts.actuator.lookup(credential);
  }

  #view(
    credential: Credential,
    life: Pick<Life, 'remainingMs' | 'expiresAt'> | undefined,
    { action, ttlMs } = this.#parts.inForce.of(credential),
  ): CredentialView {
    const { credentialId, kind, instance, maxTtlMs } = credential;
    const decided = { extend: 'extended', shorten: 'shortened', revoke: 'revoked' } as const;
    const state = action in decided ? decided[action as keyof typeof decided] : 'active';
    return {
      credentialId,
      kind,
      function: credential.function,
      instance,
      remainingMs: life ? roundOrNull(life.remainingMs) : 0,
      expiresAt: life ? roundOrNull(life.expiresAt) : null,
      ttlMs,
      maxTtlMs,
      state: life || state === 'revoked' ? state : 'ended',
    };
  }
}

const roundOrNull = (value: number | null): number | null => (value === null ? null : Math.round(value));

const refused = ({ credentialId }: Credential, code: string, detail: string, remainingMs: number | null): Problem =>
  new Problem(403, code, detail, { credentialId, remainingMs: remainingMs === null ? null : Math.round(remainingMs) });
