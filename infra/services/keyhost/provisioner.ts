import type { RiskEngine } from '../../../models/biometric/index.ts';
import { lifespanOf } from '../../../models/biometric/lifespan.ts';
import { sha256 } from '../../../models/hash.ts';
import { newBehaviourMemory } from '../../../operators/checkBehaviour.ts';
import type { Authentication } from '../../../schemas/generated/index.ts';
import type { KeylifePolicy } from '../../../schemas/keylifePolicy.ts';
import { Problem } from '../../http/problem.ts';
import { KeyedLock } from '../../vault/keyed-lock.ts';
import { assessSignIn } from './assess.ts';
import type { Authentications, DeniedKey } from './authentications.ts';
import type { KeyhostConfig } from './config.ts';
import type { KeyhostLog } from './keyhostLog.ts';
import { keyLifeMs, keyName, longestLifeMs, wholeSecond } from './keys.ts';
import { enrolledOf, type KeyStatus, type KeyView, viewOf } from './keyView.ts';
import { learnSession } from './learning.ts';
import type { Persons } from './persons.ts';
import type { Pseudonyms } from './pseudonyms.ts';
import { type AuthenticationRequest, batchOf, materialOf, type ReissueRequest } from './requests.ts';
import { SessionLearning } from './sessionLearning.ts';
import type { SignedKey, Signer } from './signers/signer.ts';

/** What a {@link Provisioner} works with. */
export interface ProvisionerParts {
  /** By the model that is in force now. */
  readonly engine: () => RiskEngine;
  readonly persons: Persons;
  readonly pseudonyms: Pseudonyms;
  readonly authentications: Authentications;
  readonly signer: Signer;
  readonly log: KeyhostLog;
  /** The one in force now. */
  readonly policy: KeylifePolicy;
  readonly config: KeyhostConfig;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** The key host's part that decides on keys and provides them (Dynamic Key Provisioning Service). */
export class Provisioner {
  readonly #parts: ProvisionerParts;
  readonly #memory = newBehaviourMemory();
  readonly #lock = new KeyedLock();
  readonly #sessions: SessionLearning;

  constructor(parts: ProvisionerParts) {
    this.#parts = parts;
    this.#sessions = new SessionLearning(parts);
  }

  /**
   * Decide on a key by behaviour, and provide it. The decision is in the log before anything is signed: repeating the
   * request, after a crash too, gives the same key, or one for the same public key that ends when the first would have.
   *
   * @param endpoint - common name of its certificate
   * @throws {Problem} 401 `step-up-required`, 409 for an identifier that another request had or whose key has ended
   * @throws {EbbtideError} what Vault or Kafka failed with
   */
  async authenticate(endpoint: string, request: AuthenticationRequest): Promise<KeyView & SignedKey> {
    const { pseudonyms } = this.#parts;
    if (request.enrol && !request.strong)
      throw new Problem(400, 'request-invalid', 'A person is enrolled anew by strong authentication alone');
    const material = this.#materialOf(request);
    const user = await pseudonyms.of(request.user);
    return this.#lock.run(user, async () => {
      const { requestId } = request;
      const digest = sha256(JSON.stringify([endpoint, request]));
      const decided = this.#repeated(requestId, digest) ?? (await this.#decide(endpoint, user, digest, request));
      return this.#provide(decided, material);
    });
  }

  /**
   * A key in place of one whose life was cut: for the same session, until the earlier end. Nothing is stretched.
   *
   * @throws {Problem} 404, 409 where the key was not cut or has been replaced already, 403 where its session must authenticate anew
   */
  async reissue(endpoint: string, credentialId: string, request: ReissueRequest): Promise<KeyView & SignedKey> {
    const { authentications, policy, signer, log, now } = this.#parts;
    const before = this.find(endpoint, credentialId);
    const material = this.#materialOf(request);
    return this.#lock.run(before.user, async () => {
      const { requestId } = request;
      const digest = sha256(JSON.stringify([endpoint, credentialId, request]));
      const repeated = this.#repeated(requestId, digest);
      if (repeated) return this.#provide(repeated, material);
      const cut = authentications.cutOf(credentialId);
      if (!cut) throw new Problem(409, 'not-cut', 'The key was not cut: use it until it ends');
      // Only the session's last key is followed: another one beside it would live on whatever its session does
      const last = authentications.lastOf(before.session);
      if (last && last.credentialId !== credentialId)
        throw new Problem(409, 'replaced', 'Another key has taken its place; repeat that request, or sign in again');
      const risk = cut.risk / 100;
      const lifespanMs = Math.min(lifespanOf(risk, policy.lifespans), longestLifeMs(this.#parts));
      const expiresAt = wholeSecond(Math.min(before.expiresAt, cut.windowEnd + lifespanMs));
      if (lifespanMs <= lifespanOf(1, policy.lifespans) || expiresAt <= now())
        throw new Problem(403, 'authenticate-anew', 'The risk of the session is too high: its user must sign in again');
      if (before.serial !== '') await signer.revoke(before.serial);
      const decided: Authentication = {
        ...before,
        requestId,
        digest,
        batchDigest: '',
        credentialId: keyName(before.user, requestId),
        decidedAt: now(),
        expiresAt,
        risk,
        reason: 'reissued',
        faults: [],
        // What verifiers said when the session began explains its risk no longer
        parts: {},
        serial: '',
      };
      await log.decided(decided);
      authentications.decided(decided);
      return this.#provide(decided, material);
    });
  }

  /**
   * Take in behaviour of a session, for the keylife pipeline to follow.
   *
   * @returns bursts taken in; 0 for a batch that came before
   * @throws {Problem} 403 where the user did not consent to it
   */
  async observe(endpoint: string, credentialId: string, text: string): Promise<number> {
    const { log, now } = this.#parts;
    const key = this.find(endpoint, credentialId);
    if (key.consent !== 'session')
      throw new Problem(
        403,
        'no-consent',
        'The user did not consent to being recognised while working; nothing is kept',
      );
    if (key.expiresAt <= now()) throw new Problem(409, 'key-ended', 'The key has ended');
    const batch = batchOf(text, now());
    if (batch.consent.level !== 'session')
      throw new Problem(403, 'no-consent', 'The user withdrew consent to being recognised while working');
    // Of the same batch twice at once the second must hear of the first
    return this.#lock.run(key.user, async () => {
      const accepted = await log.observed(key, sha256(text), batch);
      if (accepted > 0) await this.#sessions.take(key, batch);
      return accepted;
    });
  }

  /** A key of this endpoint. @throws {Problem} 404 */
  find(endpoint: string, credentialId: string): Authentication {
    const key = this.#parts.authentications.byKey(credentialId);
    if (!key || key.endpoint !== endpoint)
      throw new Problem(404, 'not-found', `There is no key "${credentialId.slice(0, 128)}" of this endpoint`);
    return key;
  }

  /** How a key is now. */
  async status(endpoint: string, credentialId: string): Promise<KeyStatus> {
    const key = this.find(endpoint, credentialId);
    const cut = this.#parts.authentications.cutOf(credentialId);
    const state = key.expiresAt <= this.#parts.now() ? 'ended' : cut ? 'cut' : 'active';
    const enrolled = enrolledOf(await this.#parts.persons.of(key.user));
    return { ...viewOf(key), enrolled, ...(cut ? { risk: cut.risk / 100 } : {}), state };
  }

  /** Keys that were cut and that Vault cannot revoke: whoever accepts such keys must refuse these until they end. */
  denied(): readonly DeniedKey[] {
    const { authentications, signer, now } = this.#parts;
    return signer.revocable ? [] : authentications.denied(now());
  }

  /** Refused before anything is decided: whoever mends the request is not taken for somebody who replays. */
  #materialOf(request: AuthenticationRequest | ReissueRequest): string {
    const { signer } = this.#parts;
    const material = materialOf(request, signer.takes);
    signer.check(material);
    return material;
  }

  #repeated(requestId: string, digest: string): Authentication | undefined {
    const known = this.#parts.authentications.byRequest(requestId);
    if (known && known.digest !== digest)
      throw new Problem(409, 'request-id-used', 'Another request had this identifier; make a new one for each');
    return known;
  }

  async #decide(
    endpoint: string,
    user: string,
    digest: string,
    { requestId, batch: text, strong, enrol }: AuthenticationRequest,
  ): Promise<Authentication> {
    const { persons, authentications, log, config, now } = this.#parts;
    const engine = this.#parts.engine();
    const { enrolment, enrolments } = config;
    const decidedAt = now();
    const batch = text === undefined ? undefined : batchOf(text, decidedAt);
    const batchDigest = text === undefined ? '' : sha256(text);
    const used = batch !== undefined && authentications.usedElsewhere(batchDigest, requestId);
    const person = enrol || !batch ? undefined : await persons.of(user);
    const signIn = await assessSignIn(
      engine,
      this.#memory,
      { user, person, batch, used },
      { enrolment, enrolments, strong },
    );
    try {
      const { assessment, behaviour, faults } = signIn;
      if (assessment.risk > config.stepUpAbove && !strong)
        throw new Problem(
          401,
          'step-up-required',
          'Authenticate by strong means, and ask again with a new identifier',
          {
            reason: assessment.reason,
          },
        );
      const { risk, parts } = assessment;
      const grounds = { risk, learning: assessment.reason === 'learning', heard: Object.keys(parts) };
      const lifespanMs = keyLifeMs(grounds, this.#parts);
      const credentialId = keyName(user, requestId);
      const decided: Authentication = {
        requestId,
        user,
        endpoint,
        session: credentialId,
        credentialId,
        digest,
        batchDigest,
        decidedAt,
        expiresAt: wholeSecond(decidedAt + lifespanMs),
        risk: assessment.risk,
        reason: !batch ? 'noConsent' : faults.length > 0 ? 'forged' : assessment.reason,
        faults: [...faults],
        parts: assessment.parts,
        enrolled: enrolledOf(person),
        strong,
        serial: '',
        consent: batch?.consent.level ?? 'none',
        consentAt: batch?.consent.at ?? null,
        consentText: batch?.consent.text ?? '',
        purpose: config.purpose,
        lawfulBasis: batch ? config.lawfulBasis : '',
      };
      const rule = { enrolment, enrolments, strong };
      const learned = batch && faults.length === 0 ? learnSession(engine, person, behaviour, assessment, rule) : person;
      await log.decided(decided, batch, learned === person ? undefined : learned, person);
      authentications.decided(decided);
      return decided;
    } catch (error) {
      signIn.forget();
      throw error;
    }
  }

  async #provide(decided: Authentication, material: string): Promise<KeyView & SignedKey> {
    const { authentications, signer, log, now } = this.#parts;
    if (decided.expiresAt <= now())
      throw new Problem(409, 'key-ended', 'The key of this request has ended; ask again with a new identifier');
    if (authentications.cutOf(decided.credentialId))
      throw new Problem(409, 'key-revoked', 'The life of this key was cut; ask for another in its place');
    if (decided.serial !== '') {
      const signed = await signer.again(decided, material);
      if (!signed) throw new Problem(409, 'key-revoked', 'The key of this request was revoked');
      return { ...viewOf(decided), ...signed };
    }
    const signed = await signer.sign(decided, material);
    const issued = { ...decided, serial: signed.serial };
    await log.issued(issued, signer.credentialOf(signed, issued)).catch(async (error: unknown) => {
      await signer.revoke(signed.serial).catch(() => {});
      throw error;
    });
    authentications.decided(issued);
    return { ...viewOf(issued), ...signed };
  }
}
