import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createReporter } from '../../../../infra/agents/client/reporter.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { FakeBroker, quickAgent, telemetryOf, until, worker } from '../support.ts';

const linux = { skip: process.platform === 'linux' ? false : 'the agent runs on Linux only' };
const samplesOf = async (broker: FakeBroker, id: string) =>
  (await telemetryOf(broker)).filter(({ credentialId }) => credentialId === id).flatMap(({ samples }) => samples);
/** Counts that arrived, out of rates and the time between samples; exact but for the jitter of timers. */
const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);

test('createReporter must bring every call, read and write to the agent’s telemetry', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket } = await quickAgent(t, broker);
  const reporter = createReporter({ socket, credentialId: 'c-1', flushMs: 20, watchProcess: false });
  await until('the function is known', async () => (await samplesOf(broker, 'c-1')).length > 0);
  for (let i = 0; i < 100; i++) reporter.apiCall({ error: i % 4 === 0 });
  reporter.dataRead(50);
  reporter.dataRead();
  reporter.dataWrite(7);
  for (const value of [10, 20, 30]) reporter.custom('queue.depth', value);
  await until(
    'all has arrived',
    async () => sum((await samplesOf(broker, 'c-1')).map(({ dataWrites }) => dataWrites)) > 0,
  );
  await reporter.close();
  const samples = await samplesOf(broker, 'c-1');
  const total = (key: 'apiCalls' | 'apiErrors' | 'dataReads' | 'dataWrites') =>
    sum(samples.map((sample) => sample[key]));
  // One interval holds them all, so that their ratios are exact whatever its length.
  assert.ok(Math.abs(total('apiErrors') / total('apiCalls') - 0.25) < 1e-9);
  assert.ok(Math.abs(total('dataReads') / total('apiCalls') - 0.51) < 1e-9);
  assert.ok(Math.abs(total('dataWrites') / total('apiCalls') - 0.07) < 1e-9);
  const busy = samples.findIndex(({ apiCalls }) => apiCalls !== null && apiCalls > 0);
  const calls = (samples[busy]!.apiCalls! * (samples[busy]!.time - samples[busy - 1]!.time)) / 1000;
  // Times are whole milliseconds, rates are not.
  assert.ok(Math.abs(calls - 100) < 10, `${calls}`);
  assert.deepEqual(
    samples.flatMap(({ custom }) => Object.entries(custom)),
    [['queue.depth', 20]],
  );
  assert.equal(reporter.dropped, 0);
  assert.ok(samples.every(({ memoryBytes }) => memoryBytes === null));
});

test('createReporter must let the agent watch the process that reports, until it ends', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket, agent } = await quickAgent(t, broker);
  const program = new URL(`./reporting${import.meta.url.slice(-3)}`, import.meta.url).pathname;
  const child = spawn(process.execPath, [...process.execArgv, program, socket, 'c-1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  await until('its process is sampled', async () =>
    (await samplesOf(broker, 'c-1')).some(({ memoryBytes, apiCalls }) => memoryBytes! > 10e6 && apiCalls! > 0),
  );
  child.kill('SIGKILL');
  await until('its end is told', async () => (await telemetryOf(broker)).at(-1)?.samples.length === 0);
  await until('it is forgotten', () => agent.counts().watched === 0);
});

test('createReporter must lend its credential to the target that awaits it', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket, agent } = await quickAgent(t, broker, { targets: [{ pid: process.pid }] });
  const reporter = createReporter({ socket, credentialId: 'c-1', flushMs: 20 });
  await until('process and activity are one', async () =>
    (await samplesOf(broker, 'c-1')).some(({ memoryBytes, apiCalls }) => memoryBytes !== null && apiCalls !== null),
  );
  assert.equal(agent.counts().watched, 1);
  reporter.useCredential('c-2');
  await until('the next credential is taken', async () => (await samplesOf(broker, 'c-2')).length > 0);
  await reporter.close();
  await until(
    'the process is watched without activity',
    async () => (await samplesOf(broker, 'c-2')).at(-1)?.apiCalls === null,
  );
});

test('Reporter.wrap must pass on results, errors and this, and count both', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket } = await quickAgent(t, broker);
  const reporter = createReporter({ socket, credentialId: 'c-1', flushMs: 20, watchProcess: false });
  await until('the function is known', async () => (await samplesOf(broker, 'c-1')).length > 0);
  const owner = {
    factor: 3,
    times: reporter.wrap(function (this: { factor: number }, value: number) {
      return this.factor * value;
    }),
  };
  assert.equal(owner.times(2), 6);
  assert.equal(await reporter.wrap(async (text: string) => text)('a'), 'a');
  assert.throws(
    reporter.wrap(() => {
      throw new RangeError('no');
    }),
    RangeError,
  );
  await assert.rejects(
    reporter.wrap(async () => {
      throw new RangeError('no');
    })(),
    RangeError,
  );
  await until('all four arrive', async () => {
    const samples = await samplesOf(broker, 'c-1');
    const calls = sum(samples.map(({ apiCalls }) => apiCalls));
    return calls > 0 && Math.abs(sum(samples.map(({ apiErrors }) => apiErrors)) / calls - 0.5) < 1e-9;
  });
  await reporter.close();
});

test('Reporter must drop and count while the agent is away, and report again when it is there', linux, async (t) => {
  const socket = join(temporaryFolder(t), 'agent.sock');
  const reporter = createReporter({ socket, credentialId: 'c-1', flushMs: 10, watchProcess: false });
  reporter.apiCall();
  reporter.dataRead(5);
  await until('both are dropped', () => reporter.dropped === 2);
  const broker = new FakeBroker();
  await quickAgent(t, broker, { socketFile: socket });
  await until('it reports', async () => {
    reporter.apiCall();
    return (await samplesOf(broker, 'c-1')).some(({ apiCalls }) => apiCalls! > 0);
  });
  await reporter.close();
  reporter.apiCall();
  await reporter.close();
});

test('Reporter must never throw, whatever it is given', () => {
  const reporter = createReporter({ socket: '/nowhere/agent.sock', credentialId: 'hvs.CAESIJ0123456789abcdefghij' });
  const anything = reporter as never as Record<string, (...values: unknown[]) => unknown>;
  for (const value of [undefined, null, Number.NaN, -1, Number.POSITIVE_INFINITY, 'x', {}, [], 1n, Symbol('s')]) {
    anything.dataRead!(value);
    anything.dataWrite!(value);
    anything.apiCall!(value);
    anything.custom!(value, value);
    anything.custom!('name', value);
    anything.custom!('a bad name', 1);
    anything.useCredential!(value);
  }
  for (let i = 0; i < 40; i++) reporter.custom(`m${i}`, 1);
  assert.ok(reporter.dropped > 60);
});

test('Reporter must not hold its process, nor pile up lines for an agent that does not read', async (t) => {
  const socket = join(temporaryFolder(t), 'agent.sock');
  const connections: Socket[] = [];
  const deaf = createServer((connection) => connections.push(connection.on('error', () => {}).pause()));
  await new Promise<void>((resolve) => deaf.listen(socket, resolve));
  t.after(() => {
    for (const connection of connections) connection.destroy();
    deaf.close();
  });
  const program = new URL(`./reporting${import.meta.url.slice(-3)}`, import.meta.url).pathname;
  const child = spawn(process.execPath, [...process.execArgv, program, socket, 'c-1', 'flood'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout!.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  const { dropped, heapMiB } = JSON.parse(said.trim().split('\n').at(-1)!) as { dropped: number; heapMiB: number };
  assert.ok(dropped > 0, 'some were dropped');
  assert.ok(heapMiB < 60, `${heapMiB} MiB of heap`);
});

test('ActivityServer must answer malformed lines with the reason and take the others', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket, agent } = await quickAgent(t, broker);
  const connection = connect(socket).setEncoding('utf8');
  t.after(() => connection.destroy());
  let answers = '';
  connection.on('data', (chunk: string) => {
    answers += chunk;
  });
  connection.write('nonsense\n{"credentialId":"c-1","apicalls":1}\n{"credentialId":"c-1","apiC');
  await until('both are refused', () => agent.counts().refusedLines === 2);
  connection.write('alls":5}\n\n');
  await until('the good one is taken', async () =>
    (await samplesOf(broker, 'c-1')).some(({ apiCalls }) => apiCalls! > 0),
  );
  assert.equal(agent.counts().acceptedLines, 1);
  await until('both answers', () => answers.split('\n').length === 3);
  assert.match(answers, /"error":"The line is not JSON"[\s\S]*"error":"Key \\"apicalls\\" is unknown"/);
});

test('ActivityServer must cut off a line without end, floods, and functions beyond the limit', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket, agent } = await quickAgent(t, broker, { maxTargets: 2 });
  const endless = connect(socket);
  endless.on('error', () => {}).resume();
  endless.write('x'.repeat(100_000));
  await once(endless, 'close');
  const flood = connect(socket);
  flood.on('error', () => {}).resume();
  flood.write('{"credentialId":"flood"}\n'.repeat(1000));
  await once(flood, 'close');
  assert.ok(agent.counts().acceptedLines <= 400);
  const reporters = ['c-1', 'c-2', 'c-3'].map((credentialId) =>
    createReporter({ socket, credentialId, flushMs: 10, watchProcess: false }),
  );
  await until('one is refused', () => reporters.some(({ refusal }) => /agent.maxTargets/.test(refusal ?? '')));
  await Promise.all(reporters.map((reporter) => reporter.close()));
  assert.ok(agent.counts().watched <= 2);
});

test(
  'ActivityServer must be open to its owner only, replace a stale socket, and refuse one in use',
  linux,
  async (t) => {
    const socketFile = join(temporaryFolder(t), 'agent.sock');
    const stale = await worker(
      t,
      `require('node:net').createServer().listen(${JSON.stringify(socketFile)}, () => say('listening')); rl.on('line', () => say('x'));`,
    );
    await until('the socket is there', () => statSync(socketFile, { throwIfNoEntry: false }) !== undefined);
    stale.child.kill('SIGKILL');
    await once(stale.child, 'exit');
    await quickAgent(t, new FakeBroker(), { socketFile });
    assert.equal(statSync(socketFile).mode & 0o777, 0o600);
    await assert.rejects(
      quickAgent(t, new FakeBroker(), { socketFile }),
      (error) => isEbbtideError(error, 'CONFIG_INVALID') && /Another agent/.test(error.message),
    );
    await assert.rejects(
      quickAgent(t, new FakeBroker(), { socketFile: `/tmp/${'x'.repeat(200)}` }),
      /at most 107 bytes/,
    );
  },
);

test('HostAgent must not watch another process because a container counts by itself', linux, async (t) => {
  const broker = new FakeBroker();
  const { socket } = await quickAgent(t, broker);
  const connection = connect(socket);
  t.after(() => connection.destroy());
  const line = { credentialId: 'c-1', pid: process.pid, startTicks: 1, apiCalls: 1 };
  const timer = setInterval(() => connection.write(`${JSON.stringify(line)}\n`), 50);
  t.after(() => clearInterval(timer));
  await until('samples', async () => (await samplesOf(broker, 'c-1')).length >= 5);
  assert.ok((await samplesOf(broker, 'c-1')).every(({ memoryBytes }) => memoryBytes === null));
});
