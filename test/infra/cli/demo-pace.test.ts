import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atDemoPace } from '../../../infra/cli/bring-up.ts';
import { parseConfig } from '../../../infra/config/load.ts';

test('atDemoPace must refuse servers that are not its own, where its policy would meet real credentials', () => {
  assert.equal(atDemoPace(parseConfig('')).policy.lifecycle.mode, 'enforce');
  for (const [text, key] of [
    ['kafka: { brokers: "kafka-1:9092" }', 'kafka.brokers'],
    ['schemaRegistry: { url: "http://registry:8081" }', 'schemaRegistry.url'],
    ['vault: { address: "https://vault:8200" }', 'vault.address'],
  ] as const)
    assert.throws(() => atDemoPace(parseConfig(text)), {
      code: 'CONFIG_INVALID',
      message: new RegExp(`but ${key.replace('.', '\\.')} is `),
    });
});
