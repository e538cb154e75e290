import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedFolder } from '../../../infra/paths.ts';
import { loadSetup } from '../../../infra/setup/load.ts';

interface AddonModule {
  keepKnownBrokers(source: string): string;
}

test('librdkafka is built so that an answer without brokers costs it none that it knows', async (t) => {
  const folder = installedFolder('@confluentinc/kafka-javascript');
  const path = join(folder ?? '', 'deps', 'librdkafka', 'src', 'rdkafka_metadata.c');
  if (!folder || !existsSync(path)) return t.skip('Skipped without the source of librdkafka');
  const { keepKnownBrokers } = await loadSetup<AddonModule>('addon-build.mjs');
  const mended = keepKnownBrokers(readFileSync(path, 'utf8'));
  // Another librdkafka may need this no more, or in another place
  assert.match(
    mended,
    /rd_kafka_metadata_decommission_unavailable_brokers[\s\S]*if \(!has_learned_brokers \|\| md->broker_cnt == 0\) \{/,
  );
  assert.equal(keepKnownBrokers(mended), mended);
});
