import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { checkedAnomalyModel } from '../../../models/registry/check.ts';
import { DiskStore } from '../../../models/registry/disk.ts';
import { type Pointer, reportFile } from '../../../models/registry/record.ts';
import { ModelRegistry } from '../../../models/registry/registry.ts';
import { readRegistryKey } from '../../../models/registry/signature.ts';
import { listVersions } from '../../../models/registry/versions.ts';
import { type ErrorCode, isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { reportOf } from '../feedback/reports.ts';
import { variantOfShipped } from './variant.ts';

const shipped = basename(shippedAnomalyModel());

const pointer = (sequence: number, version: string, by: string): Pointer => ({
  kind: 'anomaly',
  sequence,
  champion: { version, digest: '0'.repeat(64) },
  challenger: null,
  action: 'promote',
  base: 0,
  at: '2026-01-01T00:00:00.000Z',
  by,
  reason: '',
});

const refuses = (code: ErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(isEbbtideError(error, code), `${error}`);
  assert.match(error.message, message);
  return true;
};

const opened = (t: TestContext) => {
  const folder = temporaryFolder(t);
  return { folder, registry: new ModelRegistry(new DiskStore(join(folder, 'registry'))) };
};

test('ModelRegistry.publish() gives a version that loads, and is the same when done again', async (t) => {
  const { registry } = opened(t);
  const record = await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  assert.deepEqual(await registry.publish('anomaly', shippedAnomalyModel(), 'somebody else'), record);
  assert.deepEqual(await registry.versions('anomaly'), [record.version]);
  assert.deepEqual(await registry.versions('scope'), []);
  const { source } = await registry.version('anomaly', record.version, record.digest);
  const model = await checkedAnomalyModel(source);
  assert.equal(model.version, record.version);
  await model.close();
});

test('ModelRegistry.publish() never changes a version', async (t) => {
  const { folder, registry } = opened(t);
  const first = await registry.publish('anomaly', await variantOfShipped(join(folder, 'a'), 'v'), 'me');
  const other = await variantOfShipped(join(folder, 'b'), 'v', (manifest) => ({ ...manifest, metrics: {} }));
  await assert.rejects(registry.publish('anomaly', other, 'me'), refuses('REGISTRY_CONFLICT', /holds another model/));
  assert.equal((await registry.record('anomaly', 'v')).digest, first.digest);
});

test('ModelRegistry.publish() refuses a folder that is not what its manifest says', async (t) => {
  const { folder, registry } = opened(t);
  const model = await variantOfShipped(join(folder, 'a'), 'v');
  writeFileSync(join(model, 'weights.bin'), 'short');
  await assert.rejects(registry.publish('anomaly', model, 'me'), refuses('MODEL_DAMAGED', /weights\.bin is damaged/));
  assert.deepEqual(await registry.versions('anomaly'), []);
});

test('ModelRegistry keeps the report of a retraining with its version, and never another one', async (t) => {
  const { folder, registry } = opened(t);
  const model = await variantOfShipped(join(folder, 'a'), 'v');
  const report = reportOf('v');
  const record = await registry.publish('anomaly', model, 'me', new Date(), report);
  assert.deepEqual(await registry.report('anomaly', 'v'), report);
  assert.deepEqual(await registry.publish('anomaly', model, 'me', new Date(), reportOf('other')), record);
  assert.deepEqual(await registry.report('anomaly', 'v'), report);
  const loaded = await checkedAnomalyModel((await registry.version('anomaly', 'v')).source);
  assert.equal(loaded.version, 'v');
  await loaded.close();
  await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  assert.equal(await registry.report('anomaly', shipped), undefined);
  assert.deepEqual(
    (await listVersions(registry, 'anomaly')).map(({ version, reported }) => [version, reported]).sort(),
    [
      [shipped, false],
      ['v', true],
    ],
  );
  await assert.rejects(registry.report('anomaly', 'none'), refuses('NOT_FOUND', /There is no version none/));
  writeFileSync(join(folder, 'registry/blobs', record.files[reportFile]!), '{}');
  await assert.rejects(registry.report('anomaly', 'v'), refuses('MODEL_DAMAGED', /its file report\.json was altered/));
  // Taken out for the sake of those whom it names: the model is there as before
  rmSync(join(folder, 'registry/blobs', record.files[reportFile]!));
  await assert.rejects(registry.report('anomaly', 'v'), refuses('MODEL_DAMAGED', /its file report\.json is missing/));
  const left = await checkedAnomalyModel((await registry.version('anomaly', 'v')).source);
  assert.equal(left.version, 'v');
  await left.close();
});

test('ModelRegistry refuses a version of which any object was altered, cut short or removed', async (t) => {
  const { folder, registry } = opened(t);
  const { digest } = await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  const blobs = join(folder, 'registry/blobs');
  const objects = [
    ...readdirSync(blobs).map((name) => join(blobs, name)),
    join(folder, `registry/anomaly/versions/${shipped}.json`),
  ];
  assert.equal(objects.length, 6);
  for (const path of objects) {
    const whole = readFileSync(path);
    for (const damage of [
      () => writeFileSync(path, whole.subarray(0, -1)),
      () =>
        writeFileSync(path, Buffer.concat([whole.subarray(0, 9), Buffer.from([whole[9]! ^ 1]), whole.subarray(10)])),
      () => rmSync(path),
    ]) {
      damage();
      await assert.rejects(
        async () => checkedAnomalyModel((await registry.version('anomaly', shipped, digest)).source),
        (error) => isEbbtideError(error, 'MODEL_DAMAGED') || isEbbtideError(error, 'NOT_FOUND'),
        path,
      );
      writeFileSync(path, whole);
    }
  }
});

test('ModelRegistry says that a version does not exist, or is not the one that was promoted', async (t) => {
  const { registry } = opened(t);
  await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  for (const version of ['none', `../versions/${shipped}`, ''])
    await assert.rejects(
      registry.version('anomaly', version),
      refuses('NOT_FOUND', /There is no version .* of anomaly/),
    );
  await assert.rejects(
    registry.version('anomaly', shipped, 'f'.repeat(64)),
    refuses('MODEL_DAMAGED', /not the model that was promoted under this name/),
  );
});

test('ModelRegistry demands signatures where a key to verify is given', async (t) => {
  const { folder, registry } = opened(t);
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const keys = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return {
      signing: readRegistryKey(
        file(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' })),
        'models.signingKeyFile',
        'sign',
      ),
      verifying: readRegistryKey(
        file(`${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' })),
        'models.verifyKeyFile',
        'verify',
      ),
    };
  };
  const [ours, theirs] = [keys('ours'), keys('theirs')];
  const secret = readRegistryKey(file('secret', 's'.repeat(40)), 'models.signingKeyFile', 'sign');
  const store = new DiskStore(join(folder, 'registry'));
  const signed = new ModelRegistry(store, ours);
  await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  await assert.rejects(signed.version('anomaly', shipped), refuses('MODEL_DAMAGED', /it is not signed/));
  const { signature } = await signed.publish('anomaly', await variantOfShipped(join(folder, 'a'), 'a'), 'me');
  assert.equal(signature?.algorithm, 'ed25519');
  await signed.version('anomaly', 'a');
  const others = new ModelRegistry(store, theirs);
  await assert.rejects(others.version('anomaly', 'a'), refuses('MODEL_DAMAGED', /signed with key [0-9a-f]{16}/));
  const shared = new ModelRegistry(store, { signing: secret, verifying: secret });
  await assert.rejects(shared.version('anomaly', 'a'), refuses('MODEL_DAMAGED', /signed with ed25519/));
  await shared.publish('anomaly', await variantOfShipped(join(folder, 'b'), 'b'), 'me');
  await shared.version('anomaly', 'b');

  // The signature of one version does not hold for another, nor for another manifest
  for (const [version, by] of [
    ['a', signed],
    ['b', shared],
  ] as const) {
    const path = join(folder, `registry/anomaly/versions/${version}.json`);
    const record = JSON.parse(readFileSync(path, 'utf8'));
    const unsigned = await registry.record('anomaly', shipped);
    writeFileSync(path, `${JSON.stringify({ ...record, digest: unsigned.digest, files: unsigned.files }, null, 2)}\n`);
    await registry.record('anomaly', version);
    await assert.rejects(by.record('anomaly', version), refuses('MODEL_DAMAGED', /its signature does not match/));
  }
});

test('readRegistryKey() refuses what is no key, and names the setting', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'key');
  const read = () => readRegistryKey(path, 'models.signingKeyFile', 'sign');
  assert.throws(read, refuses('CONFIG_INVALID', /models\.signingKeyFile names .*cannot be read/));
  writeFileSync(path, 'short');
  assert.throws(read, refuses('CONFIG_INVALID', /holds 5 bytes; a shared secret needs 32/));
  writeFileSync(
    path,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  assert.throws(read, refuses('CONFIG_INVALID', /key of type ec; write an Ed25519 key/));
  writeFileSync(path, '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n');
  assert.throws(read, refuses('CONFIG_INVALID', /no key to sign with/));
});

test('ModelRegistry.point() lets one of many promotions at once win, and tells the others who did', async (t) => {
  const { registry } = opened(t);
  const names = Array.from({ length: 8 }, (_, i) => `operator-${i}`);
  const results = await Promise.allSettled(names.map((by) => registry.point(pointer(1, `v-${by}`, by))));
  const chain = await registry.pointers('anomaly');
  assert.equal(chain.length, 1);
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  for (const result of results) {
    if (result.status === 'fulfilled') continue;
    refuses(
      'REGISTRY_CONFLICT',
      new RegExp(`first: ${chain[0]!.by} made ${chain[0]!.champion.version}`),
    )(result.reason);
  }
  await registry.point(pointer(2, 'next', 'me'));
  assert.deepEqual(
    (await registry.pointers('anomaly')).map(({ sequence }) => sequence),
    [1, 2],
  );
});

test('a full disk refuses a version as a whole, and what is there still loads', async (t) => {
  let mounted: string | undefined;
  // Hooks run in the order of their registration: the mount ends before its folder is removed
  t.after(() => mounted && execFileSync('umount', [mounted]));
  const folder = temporaryFolder(t);
  const mount = join(folder, 'small');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=320k', 'tmpfs', mount], { stdio: 'pipe' });
  } catch (error) {
    return t.skip(`Skipped: a small file system cannot be mounted here: ${(error as Error).message.trim()}`);
  }
  mounted = mount;
  const registry = new ModelRegistry(new DiskStore(mount));
  await registry.publish('anomaly', shippedAnomalyModel(), 'me');
  const other = await variantOfShipped(
    join(folder, 'other'),
    'other',
    (manifest) => manifest,
    // Other bytes in every large file, so that nothing is shared with what is there
    { 'weights.bin': (bytes) => Buffer.from(bytes).reverse(), 'step.onnx': (bytes) => Buffer.from(bytes).reverse() },
  );
  await assert.rejects(registry.publish('anomaly', other, 'me'), refuses('REGISTRY_FULL', /is full: .* make room/));
  assert.deepEqual(await registry.versions('anomaly'), [shipped]);
  assert.ok(!readdirSync(join(mount, 'blobs')).some((name) => name.startsWith('.')), 'half a file is left');
  const model = await checkedAnomalyModel((await registry.version('anomaly', shipped)).source);
  await model.close();
});

test('a registry whose folder cannot be used is unavailable, and says where', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const registry = new ModelRegistry(new DiskStore(join(folder, 'file')));
  await assert.rejects(
    registry.publish('anomaly', shippedAnomalyModel(), 'me'),
    refuses('REGISTRY_UNAVAILABLE', /check models\.registry/),
  );
  assert.ok(existsSync(join(folder, 'file')));
});
