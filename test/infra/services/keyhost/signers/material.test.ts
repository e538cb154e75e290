import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificateRequest } from '../../../../../infra/agents/endpoint/certificateRequest.ts';
import { isCertificateRequest } from '../../../../../infra/services/keyhost/signers/certificateRequest.ts';
import { isSshKey } from '../../../../../infra/services/keyhost/signers/sshKey.ts';

const made = (...key: string[]): string =>
  execFileSync('openssl', ['req', '-new', '-nodes', '-subj', '/CN=anna', '-keyout', '/dev/null', ...key], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

test('requests of every kind that is signed are taken, as OpenSSL and the endpoint make them', async () => {
  assert.ok(isCertificateRequest((await makeCertificateRequest()).csr));
  for (const key of [
    ['-newkey', 'rsa:2048'],
    ['-newkey', 'rsa:2048', '-sha512'],
    ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-sha384'],
    ['-newkey', 'ed25519'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-addext', 'subjectAltName=DNS:a.example'],
  ])
    assert.ok(isCertificateRequest(made(...key)), key.join(' '));
});

test('requests that are cut, altered, or of a weak or odd key are refused', () => {
  const good = made('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
  const bytes = Buffer.from(good.replace(/-----[^-]+-----/g, ''), 'base64');
  const pem = (der: Buffer) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  assert.ok(isCertificateRequest(pem(bytes)));
  for (let length = 0; length < bytes.length; length += 7)
    assert.equal(isCertificateRequest(pem(bytes.subarray(0, length))), false, `${length} bytes`);
  const renamed = Buffer.from(bytes);
  renamed[renamed.indexOf('anna')] = 'b'.charCodeAt(0);
  assert.equal(isCertificateRequest(pem(renamed)), false, 'its signature is of something else');
  assert.equal(isCertificateRequest(pem(Buffer.concat([bytes, bytes]))), false);
  assert.equal(isCertificateRequest(made('-newkey', 'rsa:1024')), false);
  assert.equal(isCertificateRequest(made('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1')), false);
  assert.equal(isCertificateRequest('-----BEGIN CERTIFICATE REQUEST-----\nAAAA'), false);
});

test('keys of OpenSSH are taken, and what is cut, renamed or off its curve is not', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ebbtide-ssh-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const keyOf = (type: string, bits?: string): string => {
    const file = join(folder, `${type}${bits ?? ''}`);
    execFileSync('ssh-keygen', ['-q', '-t', type, ...(bits ? ['-b', bits] : []), '-N', '', '-f', file]);
    return execFileSync('cat', [`${file}.pub`], { encoding: 'utf8' });
  };
  try {
    execFileSync('which', ['ssh-keygen']);
  } catch {
    t.skip('OpenSSH is not on this machine');
    return;
  }
  for (const line of [keyOf('ed25519'), keyOf('rsa', '2048'), keyOf('ecdsa', '256'), keyOf('ecdsa', '521')]) {
    assert.ok(isSshKey(line), line);
    const [type, base64] = line.split(' ') as [string, string];
    const bytes = Buffer.from(base64, 'base64');
    assert.equal(isSshKey(`${type} ${bytes.subarray(0, -1).toString('base64')}`), false);
    assert.equal(isSshKey(`ssh-dss ${base64}`), false);
    if (!type.startsWith('ecdsa')) continue;
    bytes[bytes.length - 1]! ^= 1;
    assert.equal(isSshKey(`${type} ${bytes.toString('base64')}`), false, 'no point of the curve');
  }
  for (const line of ['ssh-ed25519 AAAA', 'ssh-ed25519', '', '-----BEGIN PUBLIC KEY-----'])
    assert.equal(isSshKey(line), false, line);
});
