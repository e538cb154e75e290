import { randomUUID } from 'node:crypto';
import { TopicCodec } from '../../../schemas/codec.ts';
import { exemptionOn, killSwitchOn, personPipeline, thrownSwitch } from '../../../schemas/control.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Credential, Decision, Effect } from '../../../schemas/generated/index.ts';
import { signalsOverride } from '../../../schemas/scopes.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext } from '../../context.ts';
import { Problem } from '../../http/problem.ts';
import type { Producer } from '../../kafka/types.ts';
import type { Person } from '../people/person.ts';
import type { Knowledge } from './knowledge.ts';
import { personDecision } from './personDecision.ts';

/** What came of an action on one credential. */
export interface CredentialOutcome {
  readonly credentialId: string;
  /** What was acted on: its life at Vault, or its scope at the gateway. */
  readonly what: 'life' | 'scope';
  /** As the actuator says; `waiting` when it had not answered in time, and will see to it. */
  readonly outcome: Effect['outcome'] | 'waiting';
  /** In a sentence for people. */
  readonly detail: string;
}

/** What {@link CredentialActions} work with. */
export interface CredentialActionParts {
  readonly producer: Producer;
  readonly knowledge: Knowledge;
  readonly now: () => number;
  /** Longest wait for the actuator, milliseconds. */
  readonly waitMs: number;
}

/** What people do to credentials: by decisions that the actuator carries out, so that the console needs no rights at Vault for them. */
export class CredentialActions {
  readonly #parts: CredentialActionParts;
  readonly #decisions: TopicCodec<Decision>;

  private constructor(parts: CredentialActionParts, decisions: TopicCodec<Decision>) {
    this.#parts = parts;
    this.#decisions = decisions;
  }

  static async open({ registry }: AppContext, parts: CredentialActionParts): Promise<CredentialActions> {
    return new CredentialActions(parts, await TopicCodec.open<Decision>(topics.decisions, registry));
  }

  /**
   * End a credential now.
   *
   * @throws {EbbtideError} `NOT_FOUND` where it is not registered
   * @throws {Problem} 409 where it cannot be, and why
   */
  async revoke(person: Person, credentialId: string, reason: string): Promise<CredentialOutcome> {
    const credential = this.#alive(credentialId);
    this.#assertNotStopped(credentialId);
    this.#assertNotExempt(credentialId);
    return this.#decide(person, credential, 'revoke', 0, reason);
  }

  /**
   * End all credentials of the entity to which one belongs.
   *
   * @returns one outcome for each that has not ended
   */
  async revokeEntity(person: Person, entityId: string, reason: string): Promise<CredentialOutcome[]> {
    const credentials = this.#parts.knowledge.register.ofEntity(entityId);
    return Promise.all(
      credentials.map(({ credentialId }) =>
        this.revoke(person, credentialId, reason).catch(
          (error: unknown): CredentialOutcome => ({
            credentialId,
            what: 'life',
            outcome: 'skipped',
            detail: (error as Error).message,
          }),
        ),
      ),
    );
  }

  /**
   * Whether all of an entity may be shut out at once, which spares none of its credentials.
   *
   * @throws {Problem} 409 where the kill switch is on, or one of them is exempt
   */
  assertNoneSpared(entityId: string): void {
    this.#assertNotStopped(null);
    for (const { credentialId } of this.#parts.knowledge.register.ofEntity(entityId)) {
      this.#assertNotStopped(credentialId);
      this.#assertNotExempt(credentialId);
    }
  }

  /**
   * Give a credential back what it was issued with: lift what narrows its scope, and extend its life to the TTL that it was
   * issued with. What Vault has ended cannot come back.
   *
   * @returns what came of each part that there was to restore
   * @throws {EbbtideError} `NOT_FOUND` where nothing is known of it
   * @throws {Problem} 409 where nothing can be restored, and why
   */
  async restore(person: Person, credentialId: string, reason: string): Promise<CredentialOutcome[]> {
    const { knowledge, producer } = this.#parts;
    const narrowed = [credentialId, signalsOverride + credentialId].filter((key) => knowledge.overrides.has(key));
    const outcomes: CredentialOutcome[] = [];
    if (narrowed.length > 0) {
      await producer.send(narrowed.map((key) => ({ topic: topics.scopeOverrides.name, key, value: null })));
      const detail = 'It may do again what its rows entitle it to';
      outcomes.push({ credentialId, what: 'scope', outcome: 'enforced', detail });
    }
    try {
      const credential = this.#alive(credentialId);
      this.#assertNotStopped(credentialId);
      if (credential.shortening !== 'continuous')
        throw new Problem(409, 'conflict', 'Vault cannot change the life of this kind of credential: issue another', {
          credentialId,
        });
      const ttlMs = Math.min(credential.ttlMs, credential.maxTtlMs);
      outcomes.push(await this.#decide(person, credential, 'extend', ttlMs, reason));
    } catch (error) {
      if (outcomes.length === 0 || !(error instanceof Problem || error instanceof EbbtideError)) throw error;
      if (knowledge.register.get(credentialId))
        outcomes.push({ credentialId, what: 'life', outcome: 'impossible', detail: error.message });
    }
    return outcomes;
  }

  /** The entity of a credential. @throws {EbbtideError} `NOT_FOUND`; {@link Problem} 409 where it has none */
  entityOf(credentialId: string): string {
    const { entityId } = this.#registered(credentialId);
    if (entityId) return entityId;
    throw new Problem(409, 'conflict', 'It belongs to no entity at Vault; act on the credential itself', {
      credentialId,
    });
  }

  /** How a credential stands, as far as what can be done to it depends on that. */
  standing(credentialId: string) {
    const { knowledge, now } = this.#parts;
    const credential = knowledge.register.get(credentialId);
    const exemption = thrownSwitch(knowledge.settings, 'exemption', 'lifecycle', credentialId, now());
    const override = knowledge.overrides.get(credentialId);
    const siblings = credential?.entityId ? knowledge.register.ofEntity(credential.entityId).length : 0;
    return {
      credentialId,
      registered: credential !== undefined,
      ended: credential?.status === 'ended',
      shortening: credential?.shortening ?? null,
      exemption: exemption && {
        until: exemption.expiresAt,
        by: exemption.by,
        reason: exemption.reason,
        own: exemption.subject === credentialId,
      },
      scope: override ? { scope: override.scope, reasons: override.reasons } : null,
      /** Credentials of its entity that have not ended; 0 where it has none. */
      ofEntity: siblings,
    };
  }

  #registered(credentialId: string): Credential {
    const credential = this.#parts.knowledge.register.get(credentialId);
    if (credential) return credential;
    throw new EbbtideError('NOT_FOUND', 'The register has no such credential', { credentialId });
  }

  #alive(credentialId: string): Credential {
    const credential = this.#registered(credentialId);
    if (credential.status !== 'ended') return credential;
    throw new Problem(409, 'conflict', 'It has ended already, and Vault brings nothing back: issue another', {
      credentialId,
    });
  }

  #assertNotExempt(credentialId: string): void {
    const { knowledge, now } = this.#parts;
    if (exemptionOn(knowledge.settings, personPipeline, credentialId, now()))
      throw new Problem(409, 'conflict', `${credentialId} is exempt from what is harsh; end the exemption first`, {
        credentialId,
      });
  }

  #assertNotStopped(credentialId: string | null): void {
    if (killSwitchOn(this.#parts.knowledge.settings, personPipeline, credentialId, this.#parts.now()))
      throw new Problem(409, 'conflict', 'The kill switch is on, and stops people too: take it back first', {
        credentialId,
      });
  }

  async #decide(
    person: Person,
    { credentialId: subject, ttlMs: oldTtlMs }: Credential,
    action: 'revoke' | 'extend',
    newTtlMs: number,
    reason: string,
  ): Promise<CredentialOutcome> {
    const { producer, knowledge, now, waitMs } = this.#parts;
    const decision = personDecision(person, { subject, action, oldTtlMs, newTtlMs, reason }, now(), randomUUID());
    const outcome = knowledge.outcomes.of(decision.decisionId, waitMs);
    await producer.send([{ topic: topics.decisions.name, key: subject, value: this.#decisions.encode(decision) }]);
    const effect = await outcome;
    return {
      credentialId: subject,
      what: 'life',
      outcome: effect?.outcome ?? 'waiting',
      detail: effect?.detail ?? 'Asked for; the actuator has not answered yet, and will see to it',
    };
  }
}
