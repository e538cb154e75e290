import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../infra/paths.ts';

const setup = (...args: string[]): Promise<{ code: unknown; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(packageRoot(), 'infra/setup/setup.mjs'), ...args], (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });

test('setup refuses a runtime that is none, and names those that are', async () => {
  const { code, stderr } = await setup('--runtime', 'caffe');
  assert.equal(code, 1);
  assert.match(stderr, /No runtime is called caffe; there are tensorflow and webgpu/);
});

test('setup refuses other options, and says which there are', async () => {
  const { code, stderr } = await setup('--gpu');
  assert.equal(code, 1);
  assert.match(stderr, /Usage: npm run setup \[-- --runtime tensorflow\|webgpu\]/);
});
