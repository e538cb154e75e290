import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../../infra/config/load.ts';
import { VaultClient } from '../../../infra/vault/client.ts';
import { vaultConfig } from '../../../infra/vault/config.ts';
import { makeAuthority, makeCertificate } from '../../services/certificates.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { mutualTlsOpenBao } from '../../services/openbao.ts';
import { ebbtide } from '../cli/ebbtide.ts';
import { keptLog } from './rig.ts';

test('VaultClient must show its certificate to a Vault that lets nobody else in, and log in by it', async (t) => {
  const folder = temporaryFolder(t);
  const authority = makeAuthority(folder);
  const caFile = authority.certFile;
  const own = makeCertificate(folder, 'actuator', authority);
  const bao = await mutualTlsOpenBao(t, authority, makeCertificate(folder, 'openbao', authority));
  const { log } = keptLog();
  const connect = async (more: object) => {
    const login = { method: 'token', token: bao.rootToken };
    const config = vaultConfig.parse({ address: bao.tlsAddress, caFile, login, ...more });
    const client = await VaultClient.connect(config, {
      service: 'test',
      log,
      retry: { retries: 0, backoffMs: 1, maxBackoffMs: 1 },
    });
    t.after(() => client.close());
    return client;
  };

  const root = await connect(own);
  await root.write('sys/auth/cert', { type: 'cert' });
  await root.write('sys/policies/acl/reader', { policy: 'path "sys/mounts" { capabilities = ["read"] }' });
  const trusted = readFileSync(caFile, 'utf8');
  for (const name of ['actuator', 'replaced'])
    await root.write(`auth/cert/certs/${name}`, {
      ...{ certificate: trusted, allowed_common_names: [name], token_policies: ['reader'], token_ttl: '1h' },
    });
  const login = { method: 'certificate' };
  const byCertificate = await connect({ ...own, login });
  const { data: self } = await byCertificate.read<{ policies: string[]; meta: Record<string, string> }>(
    'auth/token/lookup-self',
  );
  assert.deepEqual([self.policies.includes('reader'), self.meta.cert_name], [true, 'actuator']);
  await byCertificate.read('sys/mounts');
  await assert.rejects(connect({ ...own, login: { ...login, role: 'replaced' } }), { code: 'VAULT_REJECTED' });

  // Nobody: logging in is put off while Vault is away, so that the first request says it
  const nobody = await connect({});
  await assert.rejects(nobody.read('sys/mounts'), { code: 'VAULT_UNAVAILABLE' });
  const stranger = await connect(makeCertificate(folder, 'stranger', makeAuthority(folder, 'elsewhere')));
  await assert.rejects(stranger.read('sys/mounts'), { code: 'VAULT_UNAVAILABLE' });
  await assert.rejects(connect({ ...own, keyFile: join(folder, 'gone') }), {
    code: 'CONFIG_INVALID',
    message: /vault\.keyFile names .*gone, which cannot be read/,
  });

  // A certificate that is replaced in its files is shown by the next connection
  const next = makeCertificate(folder, 'replaced', authority);
  const files = { certFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') };
  const use = ({ certFile, keyFile }: typeof files): void => {
    copyFileSync(certFile, files.certFile);
    copyFileSync(keyFile, files.keyFile);
  };
  use(own);
  const patient = await connect({ ...files, login });
  use(next);
  const names = async (): Promise<string[]> => {
    const { auth } = await patient.write('auth/cert/login', {}, { token: null });
    return [(auth as unknown as { metadata: Record<string, string> }).metadata.common_name!];
  };
  // The one connection is busy with another request, so that this one opens its own
  const both = await Promise.all([names(), names(), names(), names()]);
  assert.ok(both.flat().includes('replaced'), String(both));

  // The CLI by the configuration
  const file = join(folder, 'ebbtide.yaml');
  writeFileSync(file, JSON.stringify({ vault: { address: bao.tlsAddress, caFile, ...own } }));
  writeFileSync(join(folder, 'token'), bao.rootToken);
  const plan = ['vault', 'bootstrap', '--dry-run', '--token-file', join(folder, 'token')];
  const answer = await ebbtide(['--config', file, ...plan]);
  assert.equal(answer.status, 0, answer.stderr);
});

test('a configuration that gives Vault a certificate without its key is refused', () => {
  assert.throws(
    () => parseConfig('vault: { certFile: /etc/ebbtide/tls.crt }'),
    /vault\.certFile is refused: needs keyFile beside it/,
  );
});

test('a configuration that would show Vault or ClickHouse no certificate, though one is named, is refused', () => {
  const files = 'certFile: a.pem, keyFile: a.key';
  const login = 'actuatorLogin: { method: certificate }';
  const byTls = 'address: "https://vault:8200"';
  for (const [text, message] of [
    [`vault: { address: "http://vault:8200", ${files} }`, /vault\.certFile .*: address must begin with https/],
    [`clickhouse: { url: "http://clickhouse:8123", ${files} }`, /clickhouse\.certFile .*: url must begin with https/],
    [`vault: { ${byTls}, ${login} }`, /vault\.actuatorLogin .*by a certificate needs certFile and keyFile beside it/],
    [`vault: { address: "http://vault:8200", ${login} }`, /vault\.actuatorLogin .*by a certificate needs/],
  ] as const)
    assert.throws(() => parseConfig(text), message);
  assert.doesNotThrow(() => parseConfig(`vault: { ${byTls}, ${login}, ${files} }`));
  const { error } = vaultConfig.safeParse({ address: 'https://vault:8200', login: { method: 'certificate' } });
  assert.deepEqual(error?.issues[0]?.path, ['login']);
});
