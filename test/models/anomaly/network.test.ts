import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { describeFile, encodeManifest, readManifest } from '../../../models/anomaly/manifest.ts';
import { loadAnomalyModel, modelFiles, shippedAnomalyModel } from '../../../models/anomaly/model.ts';
import { encodeModel } from '../../../models/onnx/messages.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

const temporary = mkdtempSync(join(tmpdir(), 'ebbtide-network-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

/** A copy of the shipped model with one file replaced, and a manifest that vouches for it. */
const withFile = async (file: string, change: (bytes: Buffer) => Uint8Array): Promise<string> => {
  const folder = mkdtempSync(join(temporary, 'model-'));
  cpSync(shippedAnomalyModel(), folder, { recursive: true });
  const bytes = change(readFileSync(join(folder, file)));
  writeFileSync(join(folder, file), bytes);
  const manifest = await readManifest(folder);
  const files = { ...manifest.files, [file]: describeFile(bytes) };
  writeFileSync(join(folder, 'manifest.json'), encodeManifest({ ...manifest, files }));
  return folder;
};

test('loadAnomalyModel() refuses weights that are no numbers, although the manifest vouches for them', async () => {
  const folder = await withFile(modelFiles.weights, (bytes) => {
    bytes.writeFloatLE(Number.NaN, 400);
    return bytes;
  });
  await assert.rejects(
    loadAnomalyModel(folder),
    (error) => isEbbtideError(error, 'MODEL_DAMAGED') && /layer lstm .* kernel\[100\] is NaN/.test(error.message),
  );
});

test('loadAnomalyModel() refuses an exported step of a foreign operator set', async () => {
  const folder = await withFile(modelFiles.step, () =>
    encodeModel({
      name: 'foreign',
      opset: 99,
      nodes: [{ opType: 'Exp', inputs: ['x'], outputs: ['y'] }],
      initializers: [],
      inputs: [{ name: 'x', shape: [1] }],
      outputs: [{ name: 'y', shape: [1] }],
    }),
  );
  await assert.rejects(
    loadAnomalyModel(folder),
    (error) => isEbbtideError(error, 'MODEL_INCOMPATIBLE') && /ai\.onnx 99/.test(error.message),
  );
});

test('loadAnomalyModel() refuses weights that are cut short, although the manifest vouches for them', async () => {
  const folder = await withFile(modelFiles.weights, (bytes) => bytes.subarray(0, -64));
  await assert.rejects(loadAnomalyModel(folder), (error) => isEbbtideError(error, 'MODEL_DAMAGED'));
});
