import { map, type OperatorFunction } from 'rxjs';
import type { RiskAssessment, ScopeModel } from '../../models/scope/model.ts';
import { trait } from '../../models/scope/operations.ts';
import { horizonMs } from '../../models/scope/profile.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import type { ApiClock, ApiTelemetry, Label, Score } from '../../schemas/generated/index.ts';
import type { ScopePolicy } from '../../schemas/scopePolicy.ts';
import { threatOf } from '../../schemas/threat.ts';
import type { InputMessage, Joined } from '../batch.ts';
import type { Orders } from '../decideTtl.ts';
import { raiseByThreat } from '../raiseByThreat.ts';
import type { PartitionTime } from '../windowByKey.ts';
import type { CallBatch, ScopeBatch, ScopeCounts } from './batch.ts';
import type { Credential, Credentials } from './credentials.ts';
import type { DecideScope, DecisionSink } from './decideScope.ts';
import { DueWindows } from './dueWindows.ts';
import { type Assessed, scoreRecord } from './scopeRecords.ts';

/** The topics that scope decisions are joined with, read as of an offset. */
export interface ScopeTopics {
  /** @param time - event time, epoch milliseconds: orders lapse */
  orders(joined: Joined, time: number): Orders<ScopePolicy>;
  /** The newest label about a credential. */
  label(subject: string, joined: Joined): Label | undefined;
}

/** What assessing works with on one partition. */
export interface AssessTask {
  readonly pipeline: string;
  readonly credentials: Credentials;
  readonly time: PartitionTime;
  readonly model: ScopeModel;
  readonly topics: ScopeTopics;
  readonly decide: DecideScope;
  readonly counts: ScopeCounts;
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
  model,
  topics,
  decide,
  counts,
}: AssessTask): OperatorFunction<CallBatch, ScopeBatch> => {
  const due = new DueWindows();
  for (const one of credentials.all()) if (one.profile.window) due.add(one.profile.window.end, one.name);
  let scores: Score[] = [];
  let sink: DecisionSink = { decisions: [], overrides: [], alerts: [], touched: new Set() };
  let forgotten: string[] = [];
  let before = time.now;

  /** The credential has changed with a message. */
  const changed = (one: Credential, offset: number) => {
    if (offset >= one.neededFrom) return;
    one.neededFrom = offset;
    one.neededTime = before;
  };

  const conclude = (
    one: Credential,
    part: Pick<Assessed, 'windowStart' | 'windowEnd' | 'calls' | 'closed' | 'news'>,
    assessment: RiskAssessment | undefined,
    orders: Orders<ScopePolicy>,
    replayed: boolean,
  ): number => {
    for (const [key, { at }] of one.threats) if (at < part.windowEnd - horizonMs) one.threats.delete(key);
    const raised = raiseByThreat(assessment?.risk ?? 0, one.threats.values(), orders.policy.threat);
    const risk = assessment ? raised.risk : 0;
    const assessed: Assessed = {
      ...part,
      pipeline,
      subject: one.name,
      risk,
      threats: assessment ? raised.reasons : [],
      assessment,
      modelVersion: assessment ? model.version : '',
      time: time.now,
    };
    const decided = sink.decisions.length;
    decide(one, assessed, orders, replayed, sink);
    if (assessment && !replayed) {
      counts.assessments++;
      if (part.closed || sink.decisions.length > decided) scores.push(scoreRecord({ ...assessed, assessment }));
    }
    return risk;
  };

  const assessWindow = (one: Credential, closed: boolean, at: number, replayed: boolean) => {
    const { profile } = one;
    const window = profile.window!;
    const orders = topics.orders(time.joined, time.now);
    const assessment = model.assess(profile, at);
    const part = {
      windowStart: window.start,
      windowEnd: closed ? window.end : at,
      calls: window.calls,
      closed,
      news: window.calls > window.assessedAt,
    };
    window.assessedAt = window.calls;
    const risk = conclude(one, part, assessment, orders, replayed);
    if (!closed) return;
    profile.carried = assessment.carried;
    profile.modelVersion = model.version;
    profile.close(risk <= orders.policy.learnUpTo);
  };

  const closeWindow = (one: Credential, offset: number, replayed: boolean) => {
    const { window } = one.profile;
    if (!window || offset < one.coveredBefore) return;
    changed(one, offset);
    assessWindow(one, true, window.end, replayed);
  };

  const advance = (now: number, offset: number, replayed: boolean) => {
    if (now <= time.now) return;
    time.now = now;
    const { graceMs } = topics.orders(time.joined, now).policy;
    for (const { end, name } of due.take(now - graceMs)) {
      const one = credentials.find(name);
      if (one?.profile.window?.end === end) closeWindow(one, offset, replayed);
    }
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
    sink.touched.add(one.name);
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
        conclude(one, part, undefined, orders, replayed);
      }
      if (time.now - one.neededTime >= savedAfterMs && one.neededFrom <= offset) sink.touched.add(one.name);
      if (
        !profile.window &&
        one.rule.level === 0 &&
        time.now - profile.closedThrough > forgottenAfterMs &&
        profile.closedThrough > 0
      )
        forgotten.push(one.name);
    }
  };

  const tick = (clock: ApiClock, offset: number, replayed: boolean) => {
    const { joined } = time;
    const labels = clock.labelsOffset > joined.labels;
    time.joined = {
      ...joined,
      control: Math.max(joined.control, clock.controlOffset),
      labels: Math.max(joined.labels, clock.labelsOffset),
    };
    time.history.push({ offset, joined: time.joined });
    advance(clock.time, offset, replayed);
    sweep(offset, labels, replayed);
  };

  const take = (call: ApiTelemetry, message: InputMessage, replayed: boolean): EbbtideError | undefined => {
    const { policy } = topics.orders(time.joined, time.now);
    const refusal = implausible(call, message, policy);
    if (refusal) return refusal;
    advance(call.time, message.offset, replayed);
    const one = credentials.of(call.frontendCredential);
    if (message.offset < one.coveredBefore) return undefined;
    const { profile } = one;
    if (profile.window && call.time >= profile.window.end) closeWindow(one, message.offset, replayed);
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
      assessWindow(one, false, call.time, replayed);
    return undefined;
  };

  return map((batch) => {
    const { messages, calls, clocks, replayBefore } = batch;
    scores = [];
    sink = { decisions: [], overrides: [], alerts: [], touched: new Set() };
    forgotten = [];
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const replayed = message.offset < replayBefore;
      before = time.now;
      const clock = clocks.get(i);
      if (clock) tick(clock, message.offset, replayed);
      const call = calls[i];
      if (!call) continue;
      const error = take(call, message, replayed);
      if (replayed) continue;
      if (!error) counts.calls++;
      else {
        batch.rejected.push({ message, error });
        counts[error.code === 'RECORD_LATE' ? 'late' : 'rejected']++;
      }
    }
    return { source: batch, scores, ...sink, forgotten };
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
