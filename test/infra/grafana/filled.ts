import { accessRecord } from '../../../infra/agents/access/reading.ts';
import type { ClickHouseArchive } from '../../../infra/clickhouse/client.ts';
import { blankProvision } from '../../../infra/provision/records.ts';
import type { WindowModel } from '../../../operators/score.ts';
import { configuredPolicyKey } from '../../../pipelines/orders.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type { AccessTelemetry, Credential, Decision, Effect, Provision } from '../../../schemas/generated/index.ts';
import { MemoryRegistry } from '../../../schemas/registry.ts';
import { type TopicSpec, topics } from '../../../schemas/topics.ts';
import { cpuModel, LifecycleDriver, Log, openCodecs, sampleAt } from '../../pipelines/lifecycleDriver.ts';
import { CallLog, openScopeCodecs, ScopeDriver } from '../../pipelines/scopeDriver.ts';
import { messageOf } from '../clickhouse/support.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** A subject whose name would end a literal in SQL, one way or the other. */
export const hostile = "o'brien\\'); DROP TABLE scores_raw; --";
/** The credential that goes astray, and is revoked. */
export const astray = 'astray';
const functions = [astray, hostile, 'calm-1', 'calm-2', 'calm-3'];
/** The caller that does what it never did, and is narrowed. */
export const thief = 'thief';

type Add = (topic: TopicSpec, timestamp: number, record: unknown, key?: string, partition?: number) => void;

const moved: WindowModel = {
  ...cpuModel,
  async score(...args) {
    const columns = await cpuModel.score(...args);
    const contributions = (row: number) => [
      {
        feature: 'cpuCores.level',
        weight: columns.score[row]!,
        direction: 'above',
        expected: 0.1,
        observed: 1,
        unit: 'cores',
      },
    ];
    return { ...columns, pValue: columns.score.map((score) => 1 - score), contributions };
  },
};

const credential = (credentialId: string, at: number, rest: Partial<Credential> = {}): Credential => ({
  credentialId,
  kind: 'token',
  reference: `accessor-${credentialId.length}`,
  mount: 'auth/token/',
  role: 'function',
  entityId: null,
  function: 'thumbnail',
  instance: 'i',
  event: '',
  issuedAt: at,
  expiresAt: at + 24 * hour,
  ttlMs: hour,
  maxTtlMs: 4 * hour,
  explicitMaxExpiresAt: null,
  shortening: 'continuous',
  status: 'active',
  ...rest,
});

/** What the actuator writes of a decision that it applied. */
const effectOf = ({ decisionId, subject, pipeline, action, newTtlMs, decidedAt, mode }: Decision): Effect => ({
  decisionId,
  subject,
  pipeline,
  action,
  outcome: mode === 'enforce' ? 'enforced' : 'skipped',
  detail: '',
  skipped: mode === 'enforce' ? '' : 'shadow',
  requestedTtlMs: newTtlMs,
  remainingMs: newTtlMs,
  expiresAt: decidedAt + newTtlMs,
  status: 200,
  attempts: 1,
  latencyMs: 12,
  appliedAt: decidedAt + 12,
});

/** Ten minutes of five functions, of which one goes astray, through the lifecycle pipeline's own chain. */
const lifecycleRows = async (from: number, add: Add): Promise<void> => {
  const codecs = await openCodecs();
  const log = new Log(codecs);
  const joined = { controlOffset: 1, credentialsOffset: 9 };
  log.clock(from, joined);
  for (let at = from; at < from + 10 * minute; at += second) {
    for (const name of functions) {
      const cpuCores = name === astray && at > from + 8 * minute ? 1 : 0.05 + (at % 7000) / 100_000;
      log.telemetry(name, [sampleAt(at, { cpuCores }), sampleAt(at + 500, { cpuCores })], at + 500);
    }
    log.clock(at + 990, joined);
  }
  const driver = new LifecycleDriver(codecs, log, undefined, moved);
  const key = configuredPolicyKey('lifecycle');
  const policy = { mode: 'enforce', windowMs: 1000, graceMs: 500, extendAfter: 2, cooldownMs: 2000, silenceMs: 5000 };
  driver.control.set(key, 0, {
    ...{ key, kind: 'policy', pipeline: 'lifecycle', subject: null, expiresAt: null, at: 0, by: 'test', reason: '' },
    value: JSON.stringify(policy),
    version: 'v1',
  });
  for (const [offset, name] of functions.entries())
    driver.credentials.set(name, offset, { ttlMs: hour, maxTtlMs: 4 * hour, issuedAt: from, ended: false });
  driver.control.reach(100);
  driver.credentials.reach(100);
  await driver.run();
  for (const { timestamp, value } of log.messages)
    add(topics.telemetryResource, timestamp, codecs.telemetry.records.decode(value!));
  for (const score of driver.scores) {
    add(topics.scores, score.windowEnd + 200, score);
    add(topics.scores, score.windowEnd + 200, {
      ...score,
      role: 'challenger',
      modelVersion: 'cpu-2',
      score: score.score / 2,
    });
  }
  for (const decision of driver.decisions) {
    add(topics.decisions, decision.decidedAt, decision);
    add(topics.effects, decision.decidedAt + 12, effectOf(decision));
  }
  for (const alert of driver.alerts) add(topics.alerts, alert.at, alert);
  for (const name of functions) add(topics.credentials, from, credential(name, from), name);
};

/** Calls of a few callers, one of whom turns to what it never did, through the scope pipeline's own chain. */
const scopeRows = async (from: number, add: Add): Promise<void> => {
  const codecs = await openScopeCodecs();
  const log = new CallLog(codecs);
  for (let at = from; at < from + 10 * minute; at += second) {
    log.clock(at, { controlOffset: 1 });
    for (const name of ['web', 'mobile']) log.call(name, at, { scope: 'default', durationMs: 8, status: 200 });
    if (at > from + 8 * minute)
      for (let i = 0; i < 8; i++)
        log.call(thief, at + i, {
          ...{
            service: `secrets-${i}`,
            operation: `GET /secrets/${i}`,
            status: 403,
            durationMs: 2,
            scope: 'read-only',
          },
          ...{ denied: true, threatFeed: 'drop', threatIndicator: '192.0.2.0/24', threatConfidence: 1 },
        });
  }
  const driver = new ScopeDriver(codecs, log);
  const value = { mode: 'enforce', windowMs: 10_000, graceMs: 0, assessAfterCalls: 5 };
  driver.set({ kind: 'policy', pipeline: 'scope', value, by: 'test', reason: 'test' });
  await driver.run();
  for (const { timestamp, value } of log.messages) add(topics.telemetryApi, timestamp, codecs.calls.decode(value!));
  for (const score of driver.scores) add(topics.scores, score.windowEnd + 300, score, undefined, 2);
  for (const decision of driver.decisions) add(topics.decisions, decision.decidedAt, decision, undefined, 2);
  for (const alert of driver.alerts) add(topics.alerts, alert.at, alert, undefined, 2);
  for (const [name, override] of driver.overrides) add(topics.scopeOverrides, from, override, name);
};

/** A day of two users: what lay ready for one was asked for, what lay ready for the other was not. */
const provisionRows = (from: number, add: Add): void => {
  let at = from;
  const step = (user: string, rest: Partial<Provision>): void => {
    const record = { ...blankProvision({ user, vm: 'web-1' }, at, 'test'), method: 'sshCertificate', ...rest };
    add(topics.provisions, at, record, record.pair);
  };
  for (const [user, used] of [
    ['ada', true],
    ['bob', false],
  ] as const)
    for (let i = 0; i < 4; i++) {
      at += 3 * minute;
      const secret = {
        decisionId: `preprovision/${user}/${i}`,
        mintedAt: at,
        expiresAt: at + 30 * minute,
        probability: 0.7,
      };
      step(user, { state: 'preProvisioned', ...secret });
      at += 2 * minute;
      if (used) step(user, { state: 'delivered', served: 'preProvisioned', endedAt: at, waitedMs: 4, ...secret });
      else step(user, { state: 'destroyed', endedAt: at, ...secret });
      step(user, { state: 'delivered', served: 'generated', waitedMs: 90 });
    }
  step('bob', { state: 'failed', attempts: 2, lastError: 'VAULT_REFUSED: check the role' });
  step('ada', { state: 'preProvisioned', decisionId: 'd', mintedAt: at, expiresAt: at + 24 * hour });
};

/** Two weeks of a user's mornings: logins, what was run, a nightly job, and machines that come and go. */
const accessRows = (from: number, add: Add): void => {
  const tell = (time: number, record: Partial<AccessTelemetry>): void =>
    add(
      topics.telemetryAccess,
      time,
      accessRecord({ user: 'ada', kind: 'login', vm: 'web-1', time, ...record }),
      'ada',
    );
  const morning = Math.floor(from / (24 * hour)) * 24 * hour - 14 * 24 * hour + 9 * hour;
  for (let day = 0; day < 13; day++) {
    const at = morning + day * 24 * hour + day * minute;
    if (new Date(at).getUTCDay() % 6 === 0) continue;
    tell(at, { application: 'sshd', address: '192.0.2.7' });
    tell(at + 20 * minute, { kind: 'application', application: day % 2 ? 'psql' : 'systemctl' });
    if (day % 3 === 0) tell(at + 5 * hour, { application: 'cockpit', vm: 'build-7' });
    if (day === 8) tell(at - minute, { application: 'sshd', succeeded: false });
    tell(at + 12 * hour, { kind: 'scheduledJob', application: 'backup', scheduledFor: at + 16 * hour });
  }
  for (const [vm, vmState, day] of [
    ['web-1', 'created', 0],
    ['web-1', 'running', 1],
    ['build-7', 'stopped', 9],
  ] as const)
    tell(morning + day * 24 * hour - hour, { user: '', kind: 'vmState', vm, vmState });
};

/** Keys of a good and a doubtful session, and one that was cut. */
const keyRows = (from: number, add: Add): void => {
  for (const [name, ttlMs, kind, shortening] of [
    ['key-1', 24 * hour, 'certificate', 'revocable'],
    ['key-2', hour, 'key', 'none'],
  ] as const)
    add(topics.credentials, from, credential(name, from, { kind, ttlMs, shortening }), name);
  const at = from + 20 * minute;
  const said = (feature: string, observed: number) => ({
    ...{ feature, weight: 0.5, direction: observed > 0 ? 'above' : 'below', expected: 0, observed, unit: 'log odds' },
  });
  const contributions = [said('keystroke.statistical', 3.1), said('scroll.statistical', -0.4)];
  const score = {
    ...{ subject: 'key-1', pipeline: 'keylife', windowStart: at, windowEnd: at, samples: 1, score: 0.9, risk: 90 },
    ...{ severity: 0.9, frequency: 0, pValue: 1, statistic: 2, learning: false, contributions },
    ...{ modelVersion: 'k1', role: 'champion' },
  };
  add(topics.scores, at, score);
  const decision = {
    ...{ decisionId: `keylife/key-1/${at}`, subject: 'key-1', pipeline: 'keylife', action: 'shorten', mode: 'enforce' },
    ...{ withheld: '', oldTtlMs: 24 * hour, newTtlMs: hour, oldScope: '', newScope: '', reason: 'Risk 90', score: 0.9 },
    ...{ risk: 90, severity: 0.9, frequency: 0, features: [], strikes: 0, policyVersion: 'v1', modelVersion: 'k1' },
    ...{ windowEnd: at, decidedAt: at, deadline: null },
  };
  add(topics.decisions, at, decision);
};

/** What else there is: alerts, labels, dead letters, notifications, signals, a threat feed. */
const otherRows = (from: number, add: Add): void => {
  const at = from + 15 * minute;
  const alert = (kind: string, severity = 'warning') => {
    const record = { alertId: `${kind}/1`, subject: 'drop', pipeline: 'lifecycle', kind, severity, summary: kind };
    add(topics.alerts, at, { ...record, decisionId: null, at });
  };
  alert('drift');
  alert('feedShrunk');
  alert('vaultUnavailable', 'critical');
  const judged = { decisionId: null, windowStart: null, windowEnd: null, note: '', by: 'ada', at };
  add(topics.labels, at, { subject: astray, verdict: 'maliciousActivity', ...judged });
  add(topics.labels, at, { subject: hostile, verdict: 'falsePositive', ...judged });
  const place = { topic: 'telemetry.api', partition: 0, offset: 3, timestamp: at };
  const letter = { ...place, key: null, value: Buffer.from('x'), errorCode: 'RECORD_MALFORMED', message: 'no Avro' };
  add(topics.deadLetters, at, { ...letter, pipeline: 'scope' });
  const told = { alertId: 'drift/1', route: 'pager', partition: 0, offset: 0, body: '', attempts: 3, status: 500 };
  for (const state of ['delivered', 'dead'])
    add(topics.notifications, at, { ...told, notificationId: `pager/${state}`, state, detail: '', at });
  const signal = { signalId: 's', subject: thief, direction: 'sent', issuer: 'us', jti: 'j', event: 'e', claims: '{}' };
  add(topics.signals, at, { ...signal, digest: '', issuedAt: at, outcome: 'queued', credentials: [], at });
  const indicator = { kind: 'address', value: '192.0.2.0/24', confidence: 90, validUntil: at + 24 * hour };
  const feed = { feed: 'drop', version: 'v1', part: 0, parts: 1, total: 1, indicators: [indicator], at };
  add(topics.threatIndicators, at, { key: 'drop/v1/0', ...feed }, 'drop/v1/0');
};

/**
 * Fill an archive with an hour of everything, written as the archive writes it.
 *
 * @param from - epoch milliseconds of the hour's beginning
 * @param twice - deliver every message a second time, in other batches
 */
export const fill = async (archive: ClickHouseArchive, from: number, twice = false): Promise<void> => {
  const registry = new MemoryRegistry();
  const codecs = new Map<string, TopicCodec<unknown>>();
  const messages: Parameters<ReturnType<ClickHouseArchive['newBatch']>['add']>[] = [];
  const add: Add = (topic, timestamp, record, key, partition = 1) => {
    // Through the codec, so that only what the schema holds gets in
    const codec = codecs.get(topic.name);
    const written = record === null ? null : codec!.decode(codec!.encode(record));
    const place = { timestamp, partition, ...(key === undefined ? {} : { key: Buffer.from(key) }) };
    messages.push([messageOf(topic.name, messages.length, place), written]);
  };
  for (const topic of Object.values(topics)) codecs.set(topic.name, await TopicCodec.open(topic, registry));
  await lifecycleRows(from, add);
  await scopeRows(from + 12 * minute, add);
  provisionRows(from, add);
  accessRows(from, add);
  keyRows(from, add);
  otherRows(from, add);
  for (const size of twice ? [900, 1300] : [900])
    for (let i = 0; i < messages.length; i += size) {
      const batch = archive.newBatch('test');
      for (const [message, record] of messages.slice(i, i + size)) batch.add(message, record);
      await archive.insert(batch);
    }
};
