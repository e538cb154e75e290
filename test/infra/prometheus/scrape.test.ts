import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../../services/folder.ts';
import { freePort } from '../../services/ports.ts';
import { requireOrSkip } from '../../services/require.ts';
import { registryOfAll } from './exported.ts';
import { allRules, prometheusFolder } from './rules.ts';

interface Rules {
  readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[];
}
interface EvaluatedRule {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}
interface Targets {
  readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
}

test('a real Prometheus scrapes a process and evaluates every rule without an error', async (t) => {
  if (!(await requireOrSkip(t, 'prometheus'))) return;
  const metrics = registryOfAll();
  const server = createServer((_, response) => {
    void metrics.metrics().then((text) => response.setHeader('content-type', metrics.contentType).end(text));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = temporaryFolder(t, 'ebbtide-prometheus-');
  cpSync(prometheusFolder, folder, { recursive: true });
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll('15s', '1s'));
  const { port: scraped } = server.address() as AddressInfo;
  writeFileSync(join(folder, 'targets/ebbtide.yaml'), `- targets: ['127.0.0.1:${scraped}']\n`);

  const port = await freePort();
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, '--log.level=error'];
  const child = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await ended;
    server.close();
  });
  const ask = async <T>(path: string): Promise<T | undefined> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
      return ((await answer.json()) as { data: T }).data;
    } catch {
      return undefined;
    }
  };
  const until = async <T>(path: string, wanted: (found: T) => boolean): Promise<T> => {
    for (;;) {
      assert.equal(child.exitCode, null, 'Prometheus runs');
      const found = await ask<T>(path);
      if (found && wanted(found)) return found;
      await sleep(100);
    }
  };
  const up = await until<Targets>('targets', ({ activeTargets }) =>
    activeTargets.some(({ health }) => health !== 'unknown'),
  );
  assert.deepEqual(
    up.activeTargets.map(({ health, lastError }) => [health, lastError]),
    [['up', '']],
  );
  const { groups } = await until<Rules>('rules', (found) =>
    found.groups.every(({ rules }) => rules.every(({ health }) => health !== 'unknown')),
  );
  const rules = groups.flatMap((group) => group.rules);
  assert.equal(rules.length, allRules().length);
  for (const { name, health, lastError } of rules) assert.equal(health, 'ok', `${name}: ${lastError}`);
});
