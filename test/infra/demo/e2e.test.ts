import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { exitCodes } from '../../../infra/cli/exit.ts';
import type { Change } from '../../../infra/console/view/protocol.ts';
import { demoRole } from '../../../infra/demo/policy.ts';
import { until } from '../../services/context.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { requireOrSkip } from '../../services/require.ts';
import { ebbtide, startEbbtide } from '../cli/ebbtide.ts';
import { openConsole } from './console-client.ts';
import { walk } from './newcomer.ts';

type Of<T extends Change['type']> = Extract<Change, { type: T }>;
const isDecision = (change: Change): change is Of<'decision'> => change.type === 'decision';
const isEffect = (change: Change): change is Of<'effect'> => change.type === 'effect';
const isCredential = (change: Change): change is Of<'credential'> => change.type === 'credential';
const isDemo = (change: Change): change is Of<'demo'> => change.type === 'demo';
const isEnforced =
  (action: string) =>
  (change: Change): change is Of<'effect'> =>
    isEffect(change) && change.effect.action === action && change.effect.outcome === 'enforced';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test('up --demo: calm doubles a life to its maximum, a recorded anomaly halves and ends one, and Vault refuses it', async (t) => {
  const folder = temporaryFolder(t, 'ebbtide-demo-');
  const environment = { EBBTIDE_DATA: folder };
  const up = startEbbtide(['up', '--demo', '--json', '--port', '0'], environment);
  t.after(() => up.kill('SIGKILL'));
  let said = '';
  up.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<number | null>((resolve) => up.once('close', resolve));
  const ready = await new Promise<{ console: string; pid: number }>((resolve, reject) => {
    createInterface({ input: up.stdout }).once('line', (line) => resolve(JSON.parse(line)));
    void ended.then((status) => reject(new Error(`up ended with ${status}:\n${said}`)));
  });
  const page = await openConsole(ready.console);
  t.after(() => page.close());

  await t.test('a credential that behaves sees its life doubled to the maximum', async () => {
    const { effect } = await page.until(
      'a credential extended to its maximum',
      (change): change is Of<'effect'> =>
        isEnforced('extend')(change) && (change.effect.remainingMs ?? 0) > demoRole.maxTtlMs - 5_000,
    );
    assert.ok((effect.remainingMs ?? 0) <= demoRole.maxTtlMs);
    // Effects and decisions are of two topics: the one may come before the other
    const doublings = await until('the decisions', () => {
      const made = page.changes
        .filter(isDecision)
        .filter(({ decision }) => decision.subject === effect.subject && decision.action === 'extend');
      return made.length >= 2 && made;
    });
    assert.deepEqual(
      doublings.slice(0, 2).map(({ decision }) => [decision.oldTtlMs, decision.newTtlMs]),
      [
        [demoRole.ttlMs, demoRole.ttlMs * 2],
        [demoRole.ttlMs * 2, demoRole.maxTtlMs],
      ],
    );
  });

  await t.test(
    'the one that is taken over is shortened, then revoked by the pipeline, then refused by Vault',
    async () => {
      const takenOver = await page.until(
        'the take-over',
        (change): change is Of<'demo'> => isDemo(change) && change.event.kind === 'misbehaving',
      );
      const about = (id: string) => id === takenOver.id;
      const shortened = await page.until(
        'its shortening',
        (change): change is Of<'effect'> => isEnforced('shorten')(change) && about(change.id),
      );
      const revoked = await page.until(
        'its revocation',
        (change): change is Of<'effect'> => isEnforced('revoke')(change) && about(change.id),
      );
      const refused = await page.until(
        'its refusal',
        (change): change is Of<'demo'> => isDemo(change) && about(change.id) && change.event.kind === 'refused',
      );
      assert.match(refused.event.text, /^Vault refused the next request: 403 .*permission denied/);
      assert.ok(shortened.effect.appliedAt <= revoked.effect.appliedAt);
      for (const { effect } of [shortened, revoked]) {
        const { decision } = await page.until(
          'its decision',
          (change): change is Of<'decision'> => isDecision(change) && change.decision.decisionId === effect.decisionId,
        );
        assert.deepEqual([decision.pipeline, decision.mode, decision.withheld], ['lifecycle', 'enforce', '']);
        assert.ok(decision.score > 0.5 && decision.features.length > 0 && decision.modelVersion !== '');
      }
    },
  );

  await t.test('a button makes a chosen credential misbehave', async () => {
    const { id } = await page.until(
      'another credential',
      (change): change is Of<'credential'> => isCredential(change) && change.credential.function === 'mail',
    );
    const pressed = await page.post('/api/demo/misbehave', { credentialId: id });
    assert.ok(pressed.ok, `${pressed.status} ${await pressed.text()}`);
    await page.until(
      'its revocation',
      (change): change is Of<'effect'> => isEnforced('revoke')(change) && change.id === id,
    );
    await page.until(
      'its refusal',
      (change): change is Of<'demo'> => isDemo(change) && change.id === id && change.event.kind === 'refused',
    );
  });

  await t.test('a real process under the eyes of the host agent is scored and extended', async () => {
    const { id } = await page.until(
      'the real process',
      (change): change is Of<'credential'> => isCredential(change) && change.credential.function === 'greeter',
    );
    await page.until(
      'its extension',
      (change): change is Of<'effect'> => isEnforced('extend')(change) && change.id === id,
    );
  });

  await t.test('the archive has what Vault did', async () => {
    const [revoked] = page.changes.filter(isEnforced('revoke'));
    const sql = `SELECT decision_id, outcome FROM effects WHERE action = 'revoke' AND subject = '${revoked!.id}'`;
    for (let tries = 0; ; tries++) {
      const { status, stdout, stderr } = await ebbtide(['query', '--json', sql], environment);
      assert.equal(status, exitCodes.ok, stderr);
      if (stdout === '' && tries < 30) continue;
      assert.deepEqual(JSON.parse(stdout), { decision_id: revoked!.effect.decisionId, outcome: 'enforced' });
      return;
    }
  });

  await t.test(
    'a newcomer investigates the revocation, labels it, sees that in a report, tries another threshold, and undoes it all',
    async (t) => {
      if (!(await requireOrSkip(t, 'chromium'))) return;
      const [revoked] = page.changes.filter(isEnforced('revoke'));
      await walk(t, page, revoked!.id, environment);
    },
  );

  await t.test('commands beside it find it', async () => {
    const listed = await ebbtide(['credentials', 'list', '--json'], environment);
    assert.equal(listed.status, exitCodes.ok, listed.stderr);
    const credentials = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { credentialId: string; function: string });
    assert.ok(credentials.some((credential) => credential.function === 'invoices'));
    const { credentialId } = credentials[0]!;
    const shown = await ebbtide(['credentials', 'show', credentialId], environment);
    assert.match(shown.stdout, /held by .*\nkind +token of auth\/token/);
    assert.equal((await ebbtide(['credentials', 'show', 'nobody'], environment)).status, exitCodes.failed);
    assert.equal(
      (await ebbtide(['control', 'exempt', credentialId, '--for', '5m', '--reason', 'test'], environment)).status,
      exitCodes.ok,
    );
    const inForce = await ebbtide(['control', 'show', '--json'], environment);
    const settings = inForce.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; subject: string | null; value: unknown });
    assert.deepEqual(settings.find(({ kind }) => kind === 'exemption')?.subject, credentialId);
    const labelled = await ebbtide(['label', credentialId, 'false-positive', '--note', 'test', '--json'], environment);
    assert.equal((JSON.parse(labelled.stdout) as { verdict: string }).verdict, 'falsePositive');
  });

  await t.test('the kill switch stops every action at Vault', async () => {
    assert.equal(
      (await ebbtide(['control', 'kill-switch', 'on', '--reason', 'test'], environment)).status,
      exitCodes.ok,
    );
    await page.until(
      'the kill switch',
      (change): change is Of<'control'> => change.type === 'control' && change.control.killSwitch,
    );
    const { id } = await page.until(
      'another credential',
      (change): change is Of<'credential'> => isCredential(change) && change.credential.function === 'search-index',
    );
    await page.post('/api/demo/misbehave', { credentialId: id });
    const { decision } = await page.until(
      'a withheld decision',
      (change): change is Of<'decision'> =>
        isDecision(change) &&
        change.id === id &&
        change.decision.withheld === 'killSwitch' &&
        /^(shorten|revoke)$/.test(change.decision.action),
    );
    assert.match(decision.reason, /withheld: killSwitch/);
    assert.ok(!page.changes.filter(isEnforced('revoke')).some((change) => change.id === id));
  });

  await t.test('a second one on the same data folder is refused, and told by whom it is held', async () => {
    const { status, stderr } = await ebbtide(['up', '--port', '0'], environment);
    assert.equal(status, exitCodes.usage);
    assert.match(stderr, new RegExp(`process ${ready.pid} holds it`));
  });

  await t.test('it is ready, stops cleanly when asked, and leaves no server behind', async () => {
    assert.equal((await page.get('/health/ready')).status, 200);
    const servers = ['openbao', 'clickhouse'].map((name) =>
      Number.parseInt(readFileSync(join(folder, name, 'server.pid'), 'utf8'), 10),
    );
    assert.ok(servers.every(isAlive));
    page.close();
    up.kill('SIGTERM');
    assert.equal(await ended, exitCodes.ok, said);
    assert.deepEqual(servers.map(isAlive), [false, false]);
    assert.equal(existsSync(join(folder, 'running.json')), false);
    assert.ok(!/hv[sb]\.[\w-]{20}/.test(said), 'A token was logged');
  });
});
