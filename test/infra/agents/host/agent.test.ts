import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostAgent } from '../../../../infra/agents/host/agent.ts';
import { hostAgentConfig } from '../../../../infra/agents/host/config.ts';
import { telemetryTopic } from '../../../../infra/agents/host/start.ts';
import type { Producer } from '../../../../infra/kafka/types.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { FakeBroker, quickAgent, rememberingLog, telemetryOf, until, worker } from '../support.ts';

const linux = { skip: process.platform === 'linux' ? false : 'reads /proc, so Linux only' };
const samplesOf = async (broker: FakeBroker, id: string) =>
  (await telemetryOf(broker)).filter(({ credentialId }) => credentialId === id).flatMap(({ samples }) => samples);
const messagesOf = async (broker: FakeBroker, id: string) =>
  (await telemetryOf(broker)).filter(({ credentialId }) => credentialId === id);

test('HostAgent must send samples of a process in order of time, keyed by its credential', linux, async (t) => {
  const { pid } = await worker(t, '');
  const broker = new FakeBroker();
  const { agent } = await quickAgent(t, broker, { host: 'host-1', targets: [{ pid, credentialId: 'c-1' }] });
  await until('ten samples', async () => (await samplesOf(broker, 'c-1')).length >= 10);
  const messages = await telemetryOf(broker);
  assert.ok(
    messages.every(({ host, credentialId, clock }) => host === 'host-1' && credentialId === 'c-1' && clock === null),
  );
  assert.ok(broker.messages.every(({ key, topic }) => key === 'c-1' && topic === 'telemetry.resource'));
  const samples = await samplesOf(broker, 'c-1');
  const times = samples.map(({ time }) => time);
  assert.deepEqual(
    times,
    [...new Set(times)].sort((a, b) => a - b),
  );
  for (const sample of samples) {
    assert.ok(sample.cpuCores! >= 0 && sample.cpuCores! <= 64);
    assert.ok(sample.memoryBytes! > 10_000_000 && sample.threads! >= 5);
    // Nobody has reported what the function does; that is not the same as doing nothing.
    assert.deepEqual([sample.apiCalls, sample.dataReads, sample.custom], [null, null, {}]);
  }
  assert.equal(agent.health().ready, true);
});

test('HostAgent must flush several samples in one message', linux, async (t) => {
  const broker = new FakeBroker();
  await quickAgent(t, broker, { flushMs: 400, targets: [{ pid: process.pid, credentialId: 'c-1' }] });
  await until('several in one', async () => (await telemetryOf(broker)).some(({ samples }) => samples.length >= 3));
});

test(
  'HostAgent must end the telemetry of a process that vanishes with a heartbeat, and send no zeros',
  linux,
  async (t) => {
    const { pid, child } = await worker(t, '');
    const broker = new FakeBroker();
    const { agent } = await quickAgent(t, broker, { heartbeatMs: 1000, targets: [{ pid, credentialId: 'c-1' }] });
    await until('some samples', async () => (await samplesOf(broker, 'c-1')).length >= 3);
    child.kill('SIGKILL');
    await until('the last heartbeat', async () => (await messagesOf(broker, 'c-1')).at(-1)?.samples.length === 0);
    const count = broker.messages.length;
    await new Promise((resolve) => setTimeout(resolve, 1300));
    assert.equal(broker.messages.length, count, 'there is nothing to be said of what is gone');
    assert.ok((await samplesOf(broker, 'c-1')).every(({ memoryBytes }) => memoryBytes! > 0));
    assert.match(agent.health().detail, /0 of 1 functions run.*its process has ended/);
  },
);

test('HostAgent must send heartbeats while samples are further apart', linux, async (t) => {
  const broker = new FakeBroker();
  await quickAgent(t, broker, {
    sampleMs: 60_000,
    heartbeatMs: 1000,
    targets: [{ pid: process.pid, credentialId: 'c-1' }],
  });
  await until('two heartbeats', () => broker.messages.length >= 2);
  assert.ok((await telemetryOf(broker)).every(({ samples }) => samples.length === 0));
});

test('HostAgent must follow a pid file to the next process', linux, async (t) => {
  const [first, second] = [await worker(t, ''), await worker(t, 'globalThis.held = Buffer.alloc(150e6, 1);')];
  const pidFile = join(temporaryFolder(t), 'pid');
  const broker = new FakeBroker();
  const { agent } = await quickAgent(t, broker, { targets: [{ pidFile, credentialId: 'c-1' }] });
  await until('it is missed', () => /no such process runs/.test(agent.health().detail));
  writeFileSync(pidFile, `${first.pid}\n`);
  await until('the first is sampled', async () => (await samplesOf(broker, 'c-1')).length >= 3);
  writeFileSync(pidFile, `${second.pid}\n`);
  await until('the second is sampled', async () => (await samplesOf(broker, 'c-1')).at(-1)!.memoryBytes! > 150e6);
  assert.ok(
    (await messagesOf(broker, 'c-1')).some(({ samples }) => samples.length === 0),
    'the first has ended',
  );
});

test('HostAgent must find a process by its command line, the oldest of several', linux, async (t) => {
  const mark = `ebbtide-test-${process.pid}-${Date.now()}`;
  const oldest = await worker(t, `/* ${mark} */ globalThis.held = Buffer.alloc(150e6, 1);`);
  await worker(t, `/* ${mark} */`);
  const broker = new FakeBroker();
  const { agent } = await quickAgent(t, broker, { targets: [{ command: mark, credentialId: 'c-1' }] });
  await until('samples', async () => (await samplesOf(broker, 'c-1')).length >= 2);
  assert.ok((await samplesOf(broker, 'c-1')).every(({ memoryBytes }) => memoryBytes! > 150e6));
  assert.match(agent.health().detail, new RegExp(`1 more processes match; the oldest, ${oldest.pid}, is watched`));
});

test('HostAgent must take the credential from a file, follow it, and refuse a token in it', linux, async (t) => {
  const credentialFile = join(temporaryFolder(t), 'credential');
  const broker = new FakeBroker();
  await quickAgent(t, broker, { targets: [{ pid: process.pid, credentialFile }] });
  writeFileSync(credentialFile, 'hvs.CAESIJ0123456789abcdefghij\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(broker.messages.length, 0);
  writeFileSync(credentialFile, 'c-1\n');
  await until('samples of the first', async () => (await samplesOf(broker, 'c-1')).length >= 3);
  writeFileSync(credentialFile, 'c-22\n');
  await until('samples of the second', async () => (await samplesOf(broker, 'c-22')).length >= 3);
  assert.equal((await messagesOf(broker, 'c-1')).at(-1)?.samples.length, 0, 'the first ends with a heartbeat');
  assert.ok(
    Math.max(...(await samplesOf(broker, 'c-1')).map(({ time }) => time)) < (await samplesOf(broker, 'c-22'))[0]!.time,
  );
});

test('HostAgent must sample on while the broker is away, and lose nothing', linux, async (t) => {
  const broker = new FakeBroker();
  const { agent, log } = await quickAgent(t, broker, { targets: [{ pid: process.pid, credentialId: 'c-1' }] });
  await until('samples', () => broker.messages.length >= 3);
  broker.mode = 'away';
  await until('samples wait', () => agent.counts().waitingSamples >= 20);
  assert.equal(agent.health().ready, false);
  assert.match(agent.health().detail, /wait; broker takes nothing: Broker is away/);
  broker.mode = 'up';
  await until('nothing waits', () => agent.counts().waitingSamples === 0);
  await agent.close();
  const { samples, sentSamples, givenUpSamples } = agent.counts();
  assert.deepEqual([sentSamples, givenUpSamples], [samples, 0]);
  assert.ok(broker.opened > 1, 'a client that failed is not taken again');
  assert.equal(broker.closed, broker.opened);
  const times = (await samplesOf(broker, 'c-1')).map(({ time }) => time);
  assert.equal(times.length, samples);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
  assert.ok(log.lines.some(({ message }) => message === 'broker takes telemetry again'));
});

test('HostAgent must connect once, though a sending gives up before it has', linux, async (t) => {
  const broker = new FakeBroker();
  let asked = 0;
  let connected = () => {};
  const connect = () => {
    asked++;
    return new Promise<Producer>((resolve) => {
      connected = () => resolve(broker.producer());
    });
  };
  const config = { targets: [{ pid: process.pid, credentialId: 'c-1' }], sendTimeoutMs: 2_000 };
  const { agent } = await quickAgent(t, broker, config, connect);
  await until('sendings to give up', () => /broker takes nothing: .* acknowledge/.test(agent.health().detail));
  connected();
  await until('samples', () => broker.messages.length >= 3);
  await agent.close();
  assert.deepEqual([asked, broker.opened, broker.closed], [1, 1, 1]);
});

test('HostAgent must say what it gave up in health, log and counts', linux, async (t) => {
  const broker = new FakeBroker();
  broker.mode = 'away';
  const { agent, log } = await quickAgent(t, broker, {
    spoolBytes: 65_536,
    host: 'h'.repeat(255),
    targets: Array.from({ length: 64 }, (_, i) => ({
      pid: process.pid,
      credentialId: `credential-${i}`.padEnd(250, '-'),
    })),
  });
  await until('samples are given up', () => agent.counts().givenUpSamples > 0);
  assert.ok(agent.counts().spoolBytes <= 65_536);
  assert.match(agent.health().detail, /\d+ given up/);
  assert.ok(log.lines.some(({ level, fields }) => level === 'warn' && Number(fields.givenUpSamples) > 0));
});

test('HostAgent must say plainly that it runs on Linux only', (t) => {
  const real = Object.getOwnPropertyDescriptor(process, 'platform')!;
  Object.defineProperty(process, 'platform', { ...real, value: 'darwin' });
  t.after(() => Object.defineProperty(process, 'platform', real));
  const options = {
    ...telemetryTopic(),
    config: hostAgentConfig.parse({}),
    spoolFolder: '/nowhere',
    log: rememberingLog(),
    connect: async () => new FakeBroker().producer(),
    schemaId: async () => 1,
  };
  assert.throws(
    () => new HostAgent(options),
    (error) => isEbbtideError(error, 'RUNTIME_MISSING') && /Linux only.*darwin/.test(error.message),
  );
});

test('hostAgentConfig must refuse targets that name nothing, too much, or two credentials', () => {
  const refused: [object, RegExp][] = [
    [{ credentialId: 'c' }, /exactly one of pid, pidFile, command and cgroup/],
    [{ pid: 1, command: 'x' }, /exactly one/],
    [{ pid: 1, credentialId: 'c', credentialFile: 'f' }, /not have both/],
    [{ pid: 1, credentialID: 'c' }, /Unrecognized key/],
    [{ pid: 0 }, />=1/],
  ];
  for (const [target, reason] of refused)
    assert.match(hostAgentConfig.safeParse({ targets: [target] }).error?.message ?? '', reason, JSON.stringify(target));
});
