import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { parseConfig } from '../../infra/config/load.ts';
import { startHealthServer } from '../../infra/http/server.ts';
import { packageRoot } from '../../infra/paths.ts';
import { fileText, runProgram, yamlFile } from './tools.ts';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Instructions of the Dockerfile, continued lines joined and comments left out. */
const instructions = fileText('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line): Instruction => {
    const [, name, rest] = /^(\S+)\s+(.*)$/.exec(line)!;
    return { name: name!, rest: rest! };
  });
const allOf = (wanted: string) => instructions.filter(({ name }) => name === wanted).map(({ rest }) => rest);
const packed = (path: string) =>
  (JSON.parse(fileText('package.json')) as { files: readonly string[] }).files.some((files) => path.startsWith(files));

// No VOLUME: it would leave an anonymous volume for each container that mounts nothing there
test('the image is built in stages of a pinned Node, and what runs is not root', () => {
  const known = new Set([
    'FROM',
    'ARG',
    'ENV',
    'RUN',
    'WORKDIR',
    'COPY',
    'USER',
    'EXPOSE',
    'HEALTHCHECK',
    'STOPSIGNAL',
    'ENTRYPOINT',
    'CMD',
  ]);
  for (const { name } of instructions) assert.ok(known.has(name), name);
  assert.match(allOf('ARG')[0]!, /^NODE_IMAGE=node:\d+\.\d+\.\d+-\w+$/);
  // A frontend named in the file would be fetched before anything is built
  assert.doesNotMatch(fileText('Dockerfile'), /^# *syntax/m);
  const stages = allOf('FROM').map((from) => from.split(/ AS /));
  const names = stages.map(([, name]) => name);
  for (const [index, [from]] of stages.entries())
    assert.ok(/^\$\{NODE_IMAGE\}/.test(from!) || names.slice(0, index).includes(from), from);
  assert.equal(names.at(-1), 'runtime');
  assert.equal(allOf('USER').at(-1), '10001:10001');
  for (const copy of allOf('COPY')) {
    const stage = /^--from=(\w+)/.exec(copy)?.[1];
    if (stage) assert.ok(names.includes(stage));
    else for (const source of copy.split(' ').slice(0, -1)) assert.ok(existsSync(join(packageRoot(), source)), source);
  }
});

test('the chart and compose.yaml are of the version of the package', () => {
  const { version } = JSON.parse(fileText('package.json')) as { version: string };
  const chart = yamlFile<{ version: string; appVersion: string }>('deploy/helm/ebbtide/Chart.yaml');
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  for (const [, named] of fileText('compose.yaml').matchAll(/EBBTIDE_VERSION:-([^}]+)}/g)) assert.equal(named, version);
});

test('programs that the image starts are in the package, and ports are those that services listen on', () => {
  for (const command of [...allOf('ENTRYPOINT'), ...allOf('HEALTHCHECK')]) {
    const path = /"\/app\/([^"]+)"/.exec(command)![1]!;
    assert.ok(existsSync(join(packageRoot(), path)) && packed(path), path);
  }
  const { http, console, token, gateway, signals, delivery, keyhost } = parseConfig('{}');
  const listening = [http, console, token, gateway, signals, delivery, keyhost].map(({ port }) => port);
  assert.deepEqual(allOf('EXPOSE')[0]!.split(' ').map(Number).sort(), [...listening, gateway.grpcPort].sort());
});

test('the health check says whether a process lives', async (t) => {
  const server = await startHealthServer({ host: '127.0.0.1', port: 0 }, () => [], new Registry());
  const check = () =>
    runProgram(process.execPath, [join(packageRoot(), 'deploy/docker/healthcheck.mjs')], {
      env: { ...process.env, EBBTIDE_HEALTH_URL: `${server.address}/health/live` },
    });
  t.after(() => server.close());
  await check();
  await server.close();
  await assert.rejects(check(), (error: { code: number }) => error.code === 1);
});
