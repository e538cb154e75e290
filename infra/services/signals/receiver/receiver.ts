import { createHash } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import type { Controls } from '../../../../operators/actuate/controls.ts';
import { LastSeen } from '../../../../operators/actuate/lastSeen.ts';
import { blockBySignal } from '../../../../operators/blockBySignal.ts';
import {
  asksToRevoke,
  credentialsOfSubject,
  decideBySignal,
  frontendsOfSubject,
} from '../../../../operators/decideBySignal.ts';
import type { Decision, ScopeOverride, Signal } from '../../../../schemas/generated/index.ts';
import { eventTypes } from '../../../../schemas/securityEvents.ts';
import type { Register } from '../../../vault/register.ts';
import type { Peer, ReceiverConfig } from '../config.ts';
import { subjectText } from '../transmitter/stream.ts';
import { SetError } from './setError.ts';
import { type VerifiedSet, verifySet } from './verifier.ts';

/** What the receiver works with. */
export interface ReceiverParts {
  readonly config: ReceiverConfig;
  readonly register: Register;
  /** Frontend credentials of the translation table. */
  readonly frontends: () => Iterable<string>;
  readonly controls: Controls;
  readonly keysOf: (peer: Peer) => JWTVerifyGetKey;
  /** Write a token and the decisions and overrides that came of it, and wait for Kafka. */
  readonly record: (
    signal: Signal,
    decisions: readonly Decision[],
    overrides: readonly ScopeOverride[],
  ) => Promise<void>;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Told what became of each token, or why it was refused, and whose it was where that is known. */
export type OnTaken = (outcome: SignalOutcome | SetError['err'], peer?: Peer) => void;

/** What became of a token. */
export type SignalOutcome = 'decided' | 'unmapped' | 'noted' | 'known';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Takes tokens of transmitters in: each is checked, recorded once, and becomes decisions where it asks for them. */
export class SignalReceiver {
  readonly #parts: ReceiverParts;
  /** Digests of tokens by issuer and jti. */
  readonly #known: LastSeen<string, string>;
  /** Tokens that are being recorded, by the same. */
  readonly #underway = new Map<string, Promise<SignalOutcome>>();
  /** States of verifications that were asked for, by issuer and stream. */
  readonly #states = new Map<string, string>();
  readonly #policyVersion: string;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#known = new LastSeen(parts.config.remember);
    this.#policyVersion = hash(JSON.stringify(parts.config)).slice(0, 12);
  }

  /** Take in what is recorded already. */
  recall({ signalId, direction, digest }: Signal): void {
    if (direction === 'received') this.#known.set(signalId, digest);
  }

  /** A verification of a stream has been asked for: its event must bring this state. */
  expect(peer: Peer, streamId: string, state: string): void {
    this.#states.set(`${peer.issuer}\n${streamId}`, state);
  }

  /**
   * Take a token in. The same token again is `known` and does nothing: its sender may not have heard the answer.
   *
   * @throws {SetError} with the code to answer
   */
  async take(token: string, peer: Peer): Promise<SignalOutcome> {
    const { config, keysOf, now } = this.#parts;
    const verified = await verifySet(token, peer, keysOf(peer), config, now());
    const { iss, jti } = verified.claims;
    const signalId = `received/${hash(`${iss}\n${jti}`)}`;
    const digest = this.#known.get(signalId);
    if (digest !== undefined) {
      if (digest === verified.digest) {
        // Whoever is told that it is known may rely on its record
        await this.#underway.get(signalId);
        return 'known';
      }
      throw new SetError('invalid_request', 'Another token had this identifier (jti)');
    }
    this.#known.set(signalId, verified.digest);
    const work = this.#record(verified, peer, signalId);
    this.#underway.set(signalId, work);
    try {
      return await work;
    } catch (error) {
      this.#known.delete(signalId);
      throw error;
    } finally {
      this.#underway.delete(signalId);
    }
  }

  async #record({ claims, digest, event }: VerifiedSet, peer: Peer, signalId: string): Promise<SignalOutcome> {
    const { config, register, frontends, record, now } = this.#parts;
    if (event === eventTypes.verification) this.#checkState(claims.events[event]?.state, claims.sub_id.id, peer);
    const at = now();
    const mapping = { ...peer, subjectIssuers: peer.subjectIssuers ?? [peer.issuer] };
    const asks = asksToRevoke(claims);
    const ground = (subject: string) => ({ ...this.#ground(subject, at), signalId: hash(signalId), now: at });
    const revoked = (asks ? credentialsOfSubject(claims.sub_id, register.all(), mapping) : []).map((credential) =>
      decideBySignal(credential, claims, ground(credential.credentialId)),
    );
    const blocked = (asks ? frontendsOfSubject(claims.sub_id, frontends(), mapping) : []).map((frontend) =>
      blockBySignal(frontend, claims, ground(frontend), config.blockMs),
    );
    const decisions = [...revoked, ...blocked.map(({ decision }) => decision)];
    const outcome = decisions.length > 0 ? 'decided' : asks ? 'unmapped' : 'noted';
    await record(
      {
        signalId,
        subject: subjectText(claims.sub_id),
        direction: 'received',
        issuer: claims.iss,
        jti: claims.jti,
        event,
        claims: JSON.stringify(claims),
        digest,
        issuedAt: Math.round(claims.iat * 1000),
        outcome,
        credentials: [...new Set(decisions.map(({ subject }) => subject))],
        at,
      },
      decisions,
      blocked.flatMap(({ override }) => override ?? []),
    );
    return outcome;
  }

  #ground(subject: string, at: number) {
    const { config, controls } = this.#parts;
    const withheld = controls.killed('signals', subject, at)
      ? ('killSwitch' as const)
      : controls.exempt('signals', subject, at)
        ? ('exemption' as const)
        : ('' as const);
    return {
      // Whoever lets all pipelines act has not thereby let others act through them
      mode: config.mode === 'shadow' ? ('shadow' as const) : (controls.mode('signals', subject, at) ?? config.mode),
      withheld,
      policyVersion: this.#policyVersion,
    };
  }

  #checkState(state: unknown, streamId: unknown, peer: Peer): void {
    const expected = this.#states.get(`${peer.issuer}\n${streamId}`);
    // A verification without a state is the transmitter's own
    if (state !== undefined && expected !== undefined && state !== expected)
      throw new SetError('invalid_state', 'The state is not the one that was sent');
  }
}
