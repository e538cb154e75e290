import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { assertPortFree, claimFolder, freePort, spawnGuarded } from '../../../infra/setup/guarded.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { untilGone } from '../../services/other-process.ts';

const guard = async (t: TestContext, script: string, graceS?: number) => {
  const logFile = join(temporaryFolder(t), 'log');
  const options = { env: process.env, logFile, ...(graceS === undefined ? {} : { graceS }) };
  const server = await spawnGuarded('sh', ['-c', script], options);
  t.after(() => server.stop());
  return { server, log: () => readFileSync(logFile, 'utf8') };
};
const untilLogged = async (log: () => string, text: string) => {
  while (!log().includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
};

test('spawnGuarded passes on the exit code and keeps the output', async (t) => {
  const { server, log } = await guard(t, 'echo out; echo err >&2; exit 7');
  assert.equal(await server.exited, 7);
  assert.equal(server.isRunning(), false);
  assert.deepEqual(log().split('\n').sort(), ['', 'err', 'out']);
});

test('spawnGuarded reports the process id of the server itself', async (t) => {
  const { server, log } = await guard(t, 'echo "pid $$"; exec sleep 600');
  await untilLogged(log, 'pid ');
  assert.equal(log(), `pid ${server.pid}\n`);
});

test('GuardedServer.stop asks first and lets the server finish', async (t) => {
  const { server, log } = await guard(t, 'trap "echo finished; exit 0" TERM; echo ready; while :; do sleep 0.05; done');
  await untilLogged(log, 'ready');
  await server.stop();
  assert.match(log(), /finished/);
  await server.stop();
});

test('GuardedServer.stop kills a server that does not listen', async (t) => {
  const { server, log } = await guard(t, 'trap "" TERM; echo ready; while :; do sleep 0.05; done', 1);
  await untilLogged(log, 'ready');
  await server.stop();
  await untilGone(server.pid);
});

test('a guarded server ends with its guard', async (t) => {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/setpriv')) {
    t.skip('Skipped without setpriv: only Linux can tie a process to its parent');
    return;
  }
  // Once it speaks, it has been tied to its parent.
  const { server, log } = await guard(t, 'echo ready; exec sleep 600');
  await untilLogged(log, 'ready');
  const parent = readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/^PPid:\s*(\d+)/m)?.[1];
  process.kill(Number(parent), 'SIGKILL');
  await server.exited;
  await untilGone(server.pid);
});

test('claimFolder takes over from a holder that is gone, even when its process id is in use again', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'server.pid'), `${process.pid} 1`);
  const claim = await claimFolder(folder, 'Test server', 'SERVICE_MISSING', 0);
  await assert.rejects(claimFolder(folder, 'Test server', 'SERVICE_MISSING', 0), {
    code: 'SERVICE_MISSING',
    message: `Test server cannot use ${folder}, process ${process.pid} holds it; end that process or choose another folder`,
  });
  claim.release();
  (await claimFolder(folder, 'Test server', 'SERVICE_MISSING', 0)).release();
});

test('assertPortFree tells a free port from a taken one', async (t) => {
  const port = await freePort();
  await assertPortFree(port, 'Test server', 'SERVICE_MISSING');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
  await assert.rejects(assertPortFree(port, 'Test server', 'SERVICE_MISSING'), { code: 'SERVICE_MISSING' });
});
