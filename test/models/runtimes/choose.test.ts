import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRuntime } from '../../../infra/jobs/runtime.ts';
import { createLogger } from '../../../infra/log.ts';
import { createMetrics } from '../../../infra/metrics.ts';
import { chooseRuntime, runtimeInForce, useRuntime, wantedRuntime } from '../../../models/runtimes/choose.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';

test('chooseRuntime() takes ONNX Runtime first, which is always there', async () => {
  const { runtime, passedOver } = await chooseRuntime('auto');
  assert.equal(runtime.name, 'onnx');
  assert.match(runtime.version, /^\d+\.\d+/);
  assert.deepEqual(passedOver, []);
});

test('wantedRuntime() puts the environment before the configuration, and refuses a name that is none', () => {
  assert.equal(wantedRuntime('webgpu', {}), 'webgpu');
  assert.equal(wantedRuntime('auto', { EBBTIDE_MODELS_RUNTIME: '' }), 'auto');
  assert.equal(wantedRuntime('auto', { EBBTIDE_MODELS_RUNTIME: 'tensorflow' }), 'tensorflow');
  assert.throws(
    () => wantedRuntime('auto', { EBBTIDE_MODELS_RUNTIME: 'caffe' }),
    (error) => isEbbtideError(error, 'CONFIG_INVALID') && /onnx or tensorflow or webgpu, got caffe/.test(error.message),
  );
});

test('useRuntime() rules what models run in from then on', async () => {
  const { runtime } = await useRuntime('onnx');
  assert.equal(await runtimeInForce(), runtime);
});

test('startRuntime() shows in the metrics what runs', async () => {
  const metrics = createMetrics('test', '0.0.0');
  const log = createLogger('test');
  log.level = 'silent';
  for (let start = 0; start < 2; start++) {
    const { version } = await startRuntime({ log, metrics }, 'onnx');
    const text = await metrics.getSingleMetricAsString('ebbtide_model_runtime_info');
    assert.match(text, new RegExp(`\\{runtime="onnx",provider="cpu(\\+cuda)?",version="${version}"\\} 1`));
  }
});
