import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger } from '../../infra/log.ts';
import { VaultClient } from '../../infra/vault/client.ts';
import { vaultConfig } from '../../infra/vault/config.ts';
import { isEbbtideError } from '../../schemas/errors.ts';
import { ebbtide } from '../infra/cli/ebbtide.ts';
import { temporaryFolder } from '../services/folder.ts';
import { controlPlane } from '../services/kubernetes.ts';
import { openBao } from '../services/openbao.ts';
import { requireOrSkip } from '../services/require.ts';
import { everything, render, workloads } from './chart.ts';
import { deployTools, orSkip } from './tools.ts';

const namespace = 'credentials';

test('services of the chart log in at Vault by their service accounts, and have no rights at the API server', async (t) => {
  if (!(await requireOrSkip(t, 'kubernetes', 'openbao'))) return;
  const helm = orSkip(t, (await deployTools()).findHelm(), 'Helm');
  if (!helm) return;
  const plane = await controlPlane(t);
  const manifests = await render(helm, everything);
  const accounts = [...new Set(workloads(manifests).map(({ spec }) => spec!.template.spec.serviceAccountName))];
  for (const name of [namespace, 'elsewhere']) {
    await plane.kubectl(['create', 'namespace', name]);
    for (const account of accounts) await plane.kubectl(['create', 'serviceaccount', account, '-n', name]);
  }
  // Vault asks the API server whose a token is, by the one right that its own account has
  await plane.kubectl(['create', 'namespace', 'vault']);
  await plane.kubectl(['create', 'serviceaccount', 'vault', '-n', 'vault']);
  await plane.kubectl([
    ...['create', 'clusterrolebinding', 'vault', '--clusterrole=system:auth-delegator', '--serviceaccount=vault:vault'],
  ]);
  const tokenOf = async (account: string, where: string, ...more: string[]) =>
    (await plane.kubectl(['create', 'token', account, '-n', where, '--duration=10m', ...more])).stdout.trim();

  const bao = await openBao(t);
  const folder = temporaryFolder(t);
  const kept = { log: createLogger('test') };
  const connect = async (login: object) => {
    const client = await VaultClient.connect(vaultConfig.parse({ address: bao.address, login }), {
      service: 'test',
      ...kept,
    });
    t.after(() => client.close());
    return client;
  };
  const root = await connect({ method: 'token', token: bao.rootToken });
  const bootstrap = async (...more: string[]) => {
    const answer = await ebbtide(
      [
        ...['vault', 'bootstrap', '--address', bao.address, '--yes', '--login', 'kubernetes', '--namespace', namespace],
        ...['--kubernetes-host', plane.address, '--kubernetes-ca-file', plane.caFile, ...more],
      ],
      { VAULT_TOKEN: bao.rootToken },
    );
    assert.equal(answer.status, 0, answer.stderr);
    return answer.stdout;
  };
  await bootstrap();
  await root.write('auth/kubernetes/config', {
    ...(await root.read<object>('auth/kubernetes/config')).data,
    token_reviewer_jwt: await tokenOf('vault', 'vault'),
  });
  const policiesOf = async (role: string, jwt: string): Promise<readonly string[]> => {
    const jwtFile = join(folder, 'token');
    writeFileSync(jwtFile, jwt, { mode: 0o600 });
    const client = await connect({ method: 'kubernetes', mount: 'kubernetes', role, jwtFile });
    return (await client.read<{ policies: readonly string[] }>('auth/token/lookup-self')).data.policies;
  };
  const forbidden = (error: unknown) => isEbbtideError(error) && error.code.startsWith('VAULT_');

  const services = accounts.filter((name) => name.startsWith('ebbtide-'));
  assert.equal(services.length, 7);
  for (const service of services)
    assert.deepEqual(await policiesOf(service, await tokenOf(service, namespace)), [service]);
  const actuator = 'ebbtide-actuator';
  await assert.rejects(policiesOf(actuator, await tokenOf('ebbtide-console', namespace)), forbidden);
  await assert.rejects(policiesOf(actuator, await tokenOf('tide-default', namespace)), forbidden);
  await assert.rejects(policiesOf(actuator, await tokenOf(actuator, 'elsewhere')), forbidden);
  await assert.rejects(policiesOf(actuator, 'no.token.atall'), forbidden);

  const forVault = await tokenOf(actuator, namespace, '--audience=vault');
  const forOthers = await tokenOf(actuator, namespace, '--audience=others');
  assert.deepEqual(await policiesOf(actuator, forOthers), [actuator], 'roles take any audience until they have one');
  assert.match(
    await bootstrap('--kubernetes-audience', 'vault'),
    /~ auth\/kubernetes\/role\/ebbtide-actuator \(audience\)/,
  );
  assert.deepEqual(await policiesOf(actuator, forVault), [actuator]);
  await assert.rejects(policiesOf(actuator, forOthers), forbidden);
  await assert.rejects(policiesOf(actuator, await tokenOf(actuator, namespace)), forbidden);
  assert.match(await bootstrap(), /Everything is so already/, 'the audience stays');

  for (const account of accounts) {
    const as = [`--as=system:serviceaccount:${namespace}:${account}`, '-n', namespace];
    for (const asked of [
      ...[
        ['get', 'secrets'],
        ['list', 'pods'],
        ['get', 'configmaps'],
        ['create', 'pods', '--subresource=exec'],
      ],
      ...[
        ['create', 'tokenreviews.authentication.k8s.io'],
        ['create', 'serviceaccounts', '--subresource=token'],
      ],
    ])
      assert.equal((await plane.run('kubectl', ['auth', 'can-i', ...asked, ...as])).stdout.trim(), 'no', account);
  }
});
