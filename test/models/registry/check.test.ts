import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { checkedAnomalyModel } from '../../../models/registry/check.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { variantOfShipped } from './variant.ts';

const withNaN = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
  bytes.writeFloatLE(Number.NaN, at(bytes));
  return bytes;
};

test('checkedAnomalyModel() loads what is sound', async () => {
  await (await checkedAnomalyModel(shippedAnomalyModel())).close();
});

test('checkedAnomalyModel() refuses weights that are not numbers', async (t) => {
  const folder = temporaryFolder(t);
  const layers = await variantOfShipped(join(folder, 'layers'), 'v', undefined, {
    'weights.bin': withNaN((bytes) => bytes.length - 4),
  });
  await assert.rejects(checkedAnomalyModel(layers), (error) => {
    assert.ok(isEbbtideError(error, 'MODEL_DAMAGED'), `${error}`);
    assert.match(error.message, /are not all numbers/);
    return true;
  });
});

test('checkedAnomalyModel() refuses an ONNX operator set that the runtime does not know', async (t) => {
  const foreign = await variantOfShipped(
    join(temporaryFolder(t), 'foreign'),
    'v',
    (manifest) => ({ ...manifest, network: { ...manifest.network, opset: 99 } }),
    { 'step.onnx': withOpset(99) },
  );
  await assert.rejects(checkedAnomalyModel(foreign), (error) => {
    assert.ok(isEbbtideError(error, 'MODEL_INCOMPATIBLE'), `${error}`);
    assert.match(error.message, /operator set/);
    assert.match(error.message, /99/);
    return true;
  });
});

test('checkedAnomalyModel() refuses a model for other features', async (t) => {
  const other = await variantOfShipped(join(temporaryFolder(t), 'other'), 'v', (manifest) => ({
    ...manifest,
    features: { ...manifest.features, hash: '0'.repeat(64) },
  }));
  await assert.rejects(checkedAnomalyModel(other), (error) => {
    assert.ok(isEbbtideError(error, 'MODEL_INCOMPATIBLE'), `${error}`);
    assert.match(error.message, /was trained on features .* train it again/);
    return true;
  });
});

/** ModelProto.opset_import is field 8 with OperatorSetIdProto.version as field 2: its bytes are looked for at the end. */
const withOpset = (opset: number) => (bytes: Buffer) => {
  const current = 17;
  for (let at = bytes.length - 2; at >= 0; at--) {
    if (bytes[at] !== 0x10 || bytes[at + 1] !== current) continue;
    const changed = Buffer.from(bytes);
    changed[at + 1] = opset;
    return changed;
  }
  throw new Error('The operator set was not found');
};
