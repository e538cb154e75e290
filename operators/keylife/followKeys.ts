import { concatMap, from, lastValueFrom, type OperatorFunction, of, pipe, toArray } from 'rxjs';
import { beginSession, followSession, type SessionRule } from '../../models/biometric/session.ts';
import type { KeylifePolicy } from '../../schemas/keylifePolicy.ts';
import { assessBehaviour } from '../assessBehaviour.ts';
import type { BehaviourEvent, Comparison, FollowedBehaviour, GatheredBehaviour } from '../behaviour.ts';
import { type BehaviourCheck, checkBehaviour } from '../checkBehaviour.ts';
import type { Orders } from '../decideTtl.ts';
import { followSessions } from '../followSessions.ts';
import { gatherBehaviour } from '../gatherBehaviour.ts';
import type { FollowedBatch, KeylifeBatch, KeylifeCounts, KeylifeItem, KeylifeOutcome } from './batch.ts';
import { decideCut } from './decideCut.ts';
import {
  forgetKeylife,
  type KeylifeJoined,
  type KeylifePartition,
  type KeySession,
  sessionKey,
  userKey,
} from './sessions.ts';
import { takeOnce } from './takeOnce.ts';

/** What following works with on one partition. */
export interface FollowTask {
  readonly partition: KeylifePartition;
  readonly checks: Readonly<Record<string, BehaviourCheck>>;
  /** Bursts to gather, by specification. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Compare bursts with the baseline and by the models that are in force. */
  compare(event: GatheredBehaviour, joined: KeylifeJoined): Promise<Comparison>;
  /** Version of the model that is in force. */
  modelVersion(joined: KeylifeJoined): string;
  /** What is ordered as of an offset of `control` and an event time. */
  orders(controlOffset: number, time: number): Orders<KeylifePolicy>;
  readonly counts: KeylifeCounts;
}

/** A user who was not seen for this long is forgotten, and a session after its key has ended, ms of event time. */
const userForgottenAfterMs = 30 * 86_400_000;
const sessionForgottenAfterMs = 3_600_000;

/**
 * Follow each session burst by burst after its key was issued, and decide where the key's life must be cut. All happens in
 * the order of messages, so that the outcome does not depend on how they were batched.
 */
export const followKeys = (task: FollowTask): OperatorFunction<KeylifeBatch, FollowedBatch> => {
  const { partition: held, checks, sizes, counts } = task;
  const ordersNow = () => task.orders(held.controlOffset, held.now);
  const ruleNow = (): SessionRule => ordersNow().policy;
  const follow: OperatorFunction<BehaviourEvent, FollowedBehaviour> = pipe(
    checkBehaviour(checks, held.memory),
    gatherBehaviour(sizes, held.waiting),
    assessBehaviour((event) => task.compare(event, held)),
    followSessions<KeySession>(held.sessions, (before, logOdds, time, weight) => {
      const step = followSession(before, logOdds, time, ruleNow(), weight);
      return { ...step, state: { ...before, ...step.state } };
    }),
  );
  let touched = new Set<string>();
  let forgotten: string[] = [];

  const begin = ({ user, session, time, issued }: Extract<KeylifeItem, { kind: 'issued' }>) => {
    const { credentialId, risk, expiresAt } = issued;
    const known = held.sessions.get(session);
    // Another key of the same session: what was seen of it counts on
    const state = known ?? beginSession(risk, time, Math.max(0, expiresAt - time), ruleNow());
    held.sessions.set(session, { ...state, expiresAt, user, credentialId });
    touched.add(sessionKey(session));
  };

  /** What the verifiers said when the key was issued, as the first that is known of its session. */
  const signIn = ({ user, session, time, issued }: Extract<KeylifeItem, { kind: 'issued' }>): KeylifeOutcome => {
    const { credentialId, risk, parts } = issued;
    const nothing = { features: {}, faults: [], bursts: [] };
    const logOdds = Object.values(parts).reduce((sum, part) => sum + part, 0);
    const event = { user, session, time, specification: 'signIn', ...nothing, logOdds, counts: 1, parts, risk };
    return { event, credentialId, modelVersion: task.modelVersion(held), decision: undefined };
  };

  const sweep = () => {
    for (const [session, { expiresAt }] of held.sessions)
      if (held.now - expiresAt > sessionForgottenAfterMs) forgotten.push(sessionKey(session));
    for (const session of held.waiting.keys())
      if (!held.sessions.has(session) && held.now - held.memory.lastTimes.get(session)! > sessionForgottenAfterMs)
        forgotten.push(sessionKey(session));
    for (const [user, at] of held.seen) if (held.now - at > userForgottenAfterMs) forgotten.push(userKey(user));
    for (const key of forgotten) forgetKeylife(held, key);
  };

  const take = async (item: KeylifeItem): Promise<readonly KeylifeOutcome[]> => {
    if (item.kind === 'clock') {
      const { time, controlOffset, baselinesOffset, modelSequence } = item.clock;
      held.now = Math.max(held.now, time);
      held.controlOffset = Math.max(held.controlOffset, controlOffset);
      held.baselinesOffset = Math.max(held.baselinesOffset, baselinesOffset);
      held.modelSequence = Math.max(held.modelSequence, modelSequence);
      sweep();
      return [];
    }
    if (item.kind === 'issued') {
      held.now = Math.max(held.now, item.time);
      begin(item);
      return [signIn(item)].filter(({ event: { parts } }) => Object.keys(parts ?? {}).length > 0);
    }
    const { event, message, batch, place } = item;
    held.now = Math.max(held.now, event.time);
    held.seen.set(event.user, held.now);
    const batches = held.batches.get(event.user) ?? new Map<string, number>();
    if (!takeOnce(batches, batch, place)) {
      counts.repeated++;
      return [];
    }
    held.batches.set(event.user, batches);
    const before = held.sessions.get(event.session);
    const waited = held.waiting.has(event.session);
    const followed = await lastValueFrom(of(event).pipe(follow, toArray()));
    touched.add(userKey(event.user));
    if (before || waited || held.waiting.has(event.session)) touched.add(sessionKey(event.session));
    counts.bursts++;
    // A burst of a session that is another user's says nothing of that session's key
    if (!before || before.user !== event.user) return [];
    return followed
      .filter(({ risk }) => !Number.isNaN(risk))
      .map((one) => {
        if (one.faults.length > 0) counts.faulty++;
        const { credentialId, expiresAt } = before;
        const modelVersion = task.modelVersion(held);
        const context = { pipeline: held.name, credentialId, expiresAt, offset: message.offset, now: held.now };
        const decision = decideCut(one, { ...context, modelVersion }, ordersNow());
        if (decision) counts.cut++;
        return { event: one, credentialId, modelVersion, decision };
      });
  };

  return concatMap(async (source) => {
    touched = new Set();
    forgotten = [];
    const outcomes = await lastValueFrom(
      from(source.items).pipe(
        concatMap(take),
        concatMap((some) => some),
        toArray(),
      ),
    );
    for (const key of forgotten) touched.delete(key);
    return { source, outcomes, touched, forgotten };
  });
};
