import { concatMap, type OperatorFunction } from 'rxjs';
import { trait } from '../../models/scope/operations.ts';
import { horizonMs } from '../../models/scope/profile.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ApiClock, ApiTelemetry, Label } from '../../schemas/generated/index.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import { threatOf } from '../../schemas/threat.ts';
import type { InputMessage } from '../batch.ts';
import { type AssessorTask, createAssessor, noOutcome } from './assessWindows.ts';
import type { CallBatch, ScopeBatch } from './batch.ts';
import type { Credential, Credentials } from './credentials.ts';
import { DueWindows } from './dueWindows.ts';

/** What assessing works with on one partition. */
export interface AssessTask extends AssessorTask {
  readonly credentials: Credentials;
}

/** A credential's state is saved this long after it changed at the latest, ms of event time: so far a restart rewinds. */
const savedAfterMs = 60_000;
/** A credential that was silent for this long is forgotten, ms of event time. */
const forgottenAfterMs = 30 * 86_400_000;
/** Calls that are looked at the moment they come. */
const telling = trait.privileged | trait.evading | trait.exposing | trait.tool;

/**
 * Follow each credential call by call: cut its calls into event-time windows, assess each window when it closes, and
 * before that after some calls, and at once after a call that tells something by itself; decide after each assessment.
 *
 * All of it happens at a message, in the order of messages, so the outcome does not depend on how they were batched.
 * A call of the next window closes the one before; where none comes, the window closes once the partition's time has
 * passed its end and the grace. Calls of windows that have closed are late: they are rejected as `RECORD_LATE`.
 */
export const assessCalls = ({
  pipeline,
  credentials,
  time,
  models,
  topics,
  decide,
  counts,
}: AssessTask): OperatorFunction<CallBatch, ScopeBatch> => {
  const due = new DueWindows();
  for (const one of credentials.all()) if (one.profile.window) due.add(one.profile.window.end, one.name);
  const assessor = createAssessor({ pipeline, time, models, topics, decide, counts });
  let outcome = noOutcome();
  let forgotten: string[] = [];
  let before = time.now;

  /** The credential has changed with a message. */
  const changed = (one: Credential, offset: number) => {
    if (offset >= one.neededFrom) return;
    one.neededFrom = offset;
    one.neededTime = before;
  };

  const closeWindows = (ended: readonly Credential[], offset: number, replayed: boolean): Promise<void> => {
    const due = ended.filter((one) => one.profile.window && offset >= one.coveredBefore);
    for (const one of due) changed(one, offset);
    return assessor.assess(
      due.map((one) => ({ one, at: one.profile.window!.end })),
      true,
      replayed,
      outcome,
    );
  };

  const advance = async (now: number, offset: number, replayed: boolean) => {
    if (now <= time.now) return;
    time.now = now;
    const { graceMs } = topics.orders(time.joined, now).policy;
    const ended = due.take(now - graceMs).flatMap(({ end, name }) => {
      const one = credentials.find(name);
      return one?.profile.window?.end === end ? [one] : [];
    });
    if (ended.length > 0) await closeWindows(ended, offset, replayed);
  };

  /** A label takes effect: what was new is usual, or what was usual is unknown again. */
  const takeLabel = (one: Credential, label: Label, offset: number) => {
    const { baseline } = one.profile;
    one.labelledAt = label.at;
    if (label.verdict === 'maliciousActivity') baseline.distrust(label.windowStart ?? label.at - horizonMs);
    else if (label.verdict !== 'unknown') {
      baseline.accept();
      one.rule = { ...one.rule, risk: 0, above: 0 };
    }
    changed(one, offset);
    outcome.sink.touched.add(one.name);
  };

  /** What time alone changes: risks decay, overrides lapse, states are saved, credentials are forgotten. */
  const sweep = (offset: number, labels: boolean, replayed: boolean) => {
    const orders = topics.orders(time.joined, time.now);
    const { windowMs } = orders.policy;
    for (const one of [...credentials.all()]) {
      if (offset < one.coveredBefore) continue;
      const { profile, rule } = one;
      const label = labels ? topics.label(one.name, time.joined) : undefined;
      if (label && label.at > one.labelledAt) takeLabel(one, label, offset);
      if (rule.level > 0 && !profile.window && time.now - rule.at >= windowMs) {
        changed(one, offset);
        const part = { windowStart: rule.at, windowEnd: time.now, calls: 0, closed: true, news: false };
        assessor.conclude(one, part, undefined, '', orders, replayed, outcome);
      }
      if (time.now - one.neededTime >= savedAfterMs && one.neededFrom <= offset) outcome.sink.touched.add(one.name);
      if (
        !profile.window &&
        one.rule.level === 0 &&
        time.now - profile.closedThrough > forgottenAfterMs &&
        profile.closedThrough > 0
      )
        forgotten.push(one.name);
    }
  };

  const tick = async (clock: ApiClock, offset: number, replayed: boolean) => {
    const { joined } = time;
    const labels = clock.labelsOffset > joined.labels;
    time.joined = {
      ...joined,
      control: Math.max(joined.control, clock.controlOffset),
      labels: Math.max(joined.labels, clock.labelsOffset),
      models: Math.max(joined.models ?? 0, clock.modelSequence),
    };
    time.history.push({ offset, joined: time.joined });
    await advance(clock.time, offset, replayed);
    sweep(offset, labels, replayed);
  };

  const take = async (
    call: ApiTelemetry,
    message: InputMessage,
    replayed: boolean,
  ): Promise<EbbtideError | undefined> => {
    const { policy } = topics.orders(time.joined, time.now);
    const refusal = implausible(call, message, policy);
    if (refusal) return refusal;
    await advance(call.time, message.offset, replayed);
    const one = credentials.of(call.frontendCredential);
    if (message.offset < one.coveredBefore) return undefined;
    const { profile } = one;
    if (profile.window && call.time >= profile.window.end) await closeWindows([one], message.offset, replayed);
    if (call.time < (profile.window?.start ?? profile.closedThrough)) return late(call);
    changed(one, message.offset);
    const known = profile.window !== undefined;
    const threat = threatOf(call);
    if (threat) one.threats.set(`${threat.feed}\n${threat.indicator}`, { ...threat, at: call.time });
    one.group = call.group;
    const narrowed = one.enforced && one.rule.level > 0;
    const { window, refused, traits } = profile.observe(call, policy.windowMs, narrowed);
    if (!known) due.add(window.end, one.name);
    if (window.calls - window.assessedAt >= policy.assessAfterCalls || refused || threat || (traits & telling) !== 0)
      await assessor.assess([{ one, at: call.time }], false, replayed, outcome);
    return undefined;
  };

  return concatMap(async (batch) => {
    const { messages, calls, clocks, replayBefore } = batch;
    outcome = noOutcome();
    forgotten = [];
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const replayed = message.offset < replayBefore;
      before = time.now;
      const clock = clocks.get(i);
      if (clock) await tick(clock, message.offset, replayed);
      const call = calls[i];
      if (!call) continue;
      const error = await take(call, message, replayed);
      if (replayed) continue;
      if (!error) counts.calls++;
      else {
        batch.rejected.push({ message, error });
        counts[error.code === 'RECORD_LATE' ? 'late' : 'rejected']++;
      }
    }
    return { source: batch, scores: outcome.scores, ...outcome.sink, forgotten };
  });
};

const implausible = (
  { time }: ApiTelemetry,
  { timestamp }: InputMessage,
  { maxAheadMs, maxPastMs }: ScopePolicy,
): EbbtideError | undefined =>
  time > timestamp + maxAheadMs || time < timestamp - maxPastMs
    ? new EbbtideError(
        'RECORD_TIME_IMPLAUSIBLE',
        `Call is of ${instant(time)} but was received at ${instant(timestamp)}; check the clock of the gateway`,
        { time, received: timestamp },
      )
    : undefined;

const instant = (time: number) => (Math.abs(time) < 8.64e15 ? new Date(time).toISOString() : `${time} ms`);

const late = ({ time }: ApiTelemetry) =>
  new EbbtideError('RECORD_LATE', `Call of ${instant(time)} belongs to a window that has closed; it was not assessed`, {
    time,
  });
