import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { exportNetwork } from '../../../models/onnx/exporter.ts';
import { providerFor } from '../../../models/runtimes/onnx.ts';
import { fullPrecision } from '../../../models/runtimes/precision.ts';
import { sequenceSignature, stepSignature } from '../../../models/runtimes/runtime.ts';
import { runProgram } from '../../deploy/tools.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { kindsOfNetwork } from './networks.ts';

test('providerFor() crosses to a GPU with what is large alone', () => {
  const network = kindsOfNetwork()['anomaly forecaster']!;
  const step = exportNetwork(network, 'step');
  assert.equal(providerFor(step, stepSignature(network, 64)), 'cpu');
  assert.equal(providerFor(step, stepSignature(network, 512)), 'cpu');
  const sequence = exportNetwork(network, 'sequence');
  assert.equal(providerFor(sequence, sequenceSignature(network, 64, 32)), 'cpu');
  assert.equal(providerFor(sequence, sequenceSignature(network, 4096, 32)), 'cuda');
});

test('fullPrecision() leaves what the user has set', (t) => {
  const before = process.env.NVIDIA_TF32_OVERRIDE;
  t.after(() => {
    if (before === undefined) delete process.env.NVIDIA_TF32_OVERRIDE;
    else process.env.NVIDIA_TF32_OVERRIDE = before;
  });
  delete process.env.NVIDIA_TF32_OVERRIDE;
  fullPrecision();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '0');
  process.env.NVIDIA_TF32_OVERRIDE = '1';
  fullPrecision();
  assert.equal(process.env.NVIDIA_TF32_OVERRIDE, '1');
});

test('ONNX Runtime leaves no identifier of the machine behind, and so sends nothing to its maker', async (t) => {
  const home = temporaryFolder(t);
  const module = (path: string) => JSON.stringify(new URL(path + extname(import.meta.url), import.meta.url).href);
  const scores = `
    const { onnxRuntime } = await import(${module('../../../models/runtimes/onnx')});
    const { kindsOfNetwork } = await import(${module('./networks')});
    await onnxRuntime.compileStep(kindsOfNetwork()['anomaly forecaster'], 1);
    const { execFileSync } = await import('node:child_process');
    process.stdout.write(execFileSync('sh', ['-c', 'echo told $ORT_DISABLE_TELEMETRY']));`;
  // Without CI in the environment, where it keeps still by itself
  const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: join(home, '.cache') };
  const flags = [...process.execArgv.filter((flag) => !flag.startsWith('--test')), '--input-type=module', '-e', scores];
  const { stdout } = await runProgram(process.execPath, flags, { env });
  assert.match(stdout, /told 1/);
  assert.ok(!existsSync(join(home, '.cache')));
});
