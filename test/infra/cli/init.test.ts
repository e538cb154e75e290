import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { composeConfig, defaultAnswers } from '../../../infra/cli/init/compose.ts';
import { parseConfig } from '../../../infra/config/load.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from './ebbtide.ts';

test('every combination of answers composes a configuration that Ebbtide takes', () => {
  const urls = ['embedded', 'https://server.example:8443'];
  let composed = 0;
  for (const kafka of ['embedded', 'a:9092,b:9092'])
    for (const kafkaSecurity of ['plaintext', 'ssl', 'sasl_ssl'] as const)
      for (const schemaRegistry of urls)
        for (const clickhouse of urls)
          for (const vault of urls)
            for (const vaultLogin of ['approle', 'kubernetes'] as const)
              for (const mode of ['shadow', 'enforce'] as const) {
                const answers = {
                  kafka,
                  kafkaSecurity,
                  partitions: 7,
                  schemaRegistry,
                  clickhouse,
                  vault,
                  vaultLogin,
                  mode,
                };
                const { text, variables } = composeConfig(answers);
                const environment = Object.fromEntries(variables.map((name) => [name, `value of ${name}`]));
                const config = parseConfig(text, { environment });
                assert.equal(config.kafka.brokers, kafka);
                assert.equal(config.schemaRegistry.url, schemaRegistry);
                assert.equal(config.clickhouse.url, clickhouse);
                assert.equal(config.vault.address, vault);
                assert.equal(config.vault.actuatorLogin?.method, vault === 'embedded' ? undefined : vaultLogin);
                assert.equal(config.policy.lifecycle.mode, mode);
                assert.equal(config.policy.scope.mode, mode);
                composed++;
              }
  assert.equal(composed, 192);
  assert.match(composeConfig(defaultAnswers).text, /^# Ebbtide/);
});

test('ebbtide init writes what options say, passes config check, and overwrites nothing unasked', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'deep', 'ebbtide.yaml');
  const options = ['--kafka', 'kafka:9092', '--vault', 'http://vault:8200', '--mode', 'enforce'];
  const first = await ebbtide(['init', file, '--yes', ...options]);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /ebbtide vault bootstrap --config/);
  const secret = join(folder, 'deep', 'vault', 'token-service.secret');
  assert.equal(statSync(secret).mode & 0o777, 0o600);

  const checked = await ebbtide(['--json', 'config', 'check', '--config', file]);
  assert.equal(checked.status, 0, checked.stderr);
  const { kafka, token } = JSON.parse(checked.stdout) as {
    kafka: { brokers: string };
    token: { sharedSecretFile: string };
  };
  assert.equal(kafka.brokers, 'kafka:9092');
  assert.equal(token.sharedSecretFile, secret);

  writeFileSync(file, '# mine\n');
  const second = await ebbtide(['init', file, ...options]);
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /is there already/);
  assert.equal(readFileSync(file, 'utf8'), '# mine\n');
  assert.equal((await ebbtide(['init', file, '--force', ...options])).status, 0);
  assert.match(readFileSync(file, 'utf8'), /brokers: kafka:9092/);
});

test('ebbtide init writes nothing of an answer that cannot be', async (t) => {
  const file = join(temporaryFolder(t), 'ebbtide.yaml');
  const wrong = await ebbtide(['init', file, '--yes', '--vault', 'vault:8200']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /vault\.address/);
  assert.match(wrong.stderr, /was not written/);
  assert.ok(!existsSync(file));
});
