import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { notifyConfig } from '../../../infra/alerts/config.ts';
import { startNotify } from '../../../infra/alerts/start.ts';
import { exitCodes } from '../../../infra/cli/exit.ts';
import { startRegistryServer } from '../../../infra/http/registry-server.ts';
import type { Alert } from '../../../schemas/generated/index.ts';
import type { MemoryRegistry } from '../../../schemas/registry.ts';
import { testContext } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { recorder } from '../../services/http.ts';
import { ebbtide } from './ebbtide.ts';

test('ebbtide alerts must test routes, silence, acknowledge and list', async (t) => {
  const context = await testContext(t);
  const server = await startRegistryServer(context.registry as MemoryRegistry, { host: '127.0.0.1', port: 0 });
  context.closing(() => server.close());
  const hook = await recorder(t);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const reach = { allowHttp: true, allowPrivateAddress: true };
  const config = notifyConfig.parse({
    routes: [{ name: 'hook', url: hook.url, secret, kinds: ['revoked'], ...reach }],
  });
  const notify = await startNotify(context.another(), config);
  context.closing(() => notify.close());
  const folder = temporaryFolder(t);
  const file = join(folder, 'ebbtide.yaml');
  writeFileSync(file, `kafka: { brokers: "${context.kafka.brokers}" }\nschemaRegistry: { url: "${server.address}" }\n`);
  const run = (...args: string[]) => ebbtide(['alerts', ...args, '-c', file], { EBBTIDE_DATA: join(folder, 'data') });

  const tested = await run('test', 'critical', '--subject', 'payments', '--wait', '60s');
  assert.equal(tested.status, exitCodes.ok, tested.stderr);
  assert.match(tested.stdout, /hook +delivered/);
  const { data } = JSON.parse(hook.requests[0]!.body) as { data: Alert };
  assert.deepEqual([data.kind, data.subject, data.severity], ['test', 'payments', 'critical']);

  const seen = await run('acknowledge', data.alertId, '--reason', 'on it');
  assert.equal(seen.status, exitCodes.ok, seen.stderr);
  assert.equal((await run('acknowledge', 'nobody/1')).status, exitCodes.failed);
  const silenced = await run('silence', 'pay*', '--for', '2h', '--reason', 'drill');
  assert.match(silenced.stdout, /Alerts of pay\*, kinds \*, are silent for/, silenced.stderr);
  const quiet = await run('test', '--subject', 'payments', '--wait', '60s');
  assert.match(quiet.stdout, /hook +silenced +Silenced by .*: drill/, quiet.stderr);
  assert.equal(quiet.status, exitCodes.failed);
  const list = await run('list');
  assert.match(list.stdout, /Silent until .*: pay\*, kinds \* \(.*: drill\)/);
  assert.match(list.stdout, /critical +test +payments +hook delivered +.*: on it/);
});
