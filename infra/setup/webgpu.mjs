import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installDebianPackages } from './debian.mjs';
import { tryRun } from './exec.mjs';

/** SwiftShader's description for the Vulkan loader: a device on the CPU, which Debian's chromium brings. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';

const hasGpu = () =>
  existsSync('/dev/nvidiactl') ||
  (existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD')));

const missingLibraries = async () => {
  const { output } = await tryRun('ldconfig', ['-p']);
  return Object.entries({
    'libvulkan.so.1': 'libvulkan1',
    // Where there is no X, NVIDIA's driver offers Vulkan through it alone.
    ...(existsSync('/dev/nvidiactl') ? { 'libEGL.so.1': 'libegl1' } : {}),
  })
    .filter(([library]) => !output.includes(library))
    .map(([, name]) => name);
};

/** macOS and Windows bring their own; Linux needs the Vulkan loader, and a device where there is no GPU. */
const complete = async () => {
  if (process.platform !== 'linux') return;
  const missing = await missingLibraries();
  if (!hasGpu() && !existsSync(swiftShader)) missing.push('chromium');
  if (missing.length > 0) await installDebianPackages(missing, 'WebGPU');
};

/** WebGPU through Dawn, on a GPU of any make, or on the CPU where there is none. */
export const webgpu = {
  // Of 0.5.0 to 0.6.1 the Linux binaries want a C library that is newer than Debian 12's.
  packages: ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'],
  about: '150 MB on disk',
  binary: join(
    'webgpu',
    'dist',
    `${process.platform}-${process.platform === 'darwin' ? 'universal' : process.arch}`,
    'dawn.node',
  ),
  complete,
  probe: `
process.env.XDG_RUNTIME_DIR ??= require('node:os').tmpdir();
${hasGpu() || !existsSync(swiftShader) ? '' : `process.env.VK_ICD_FILENAMES ??= '${swiftShader}';`}
import('webgpu').then(async ({ create }) => {
  const adapter = await create([]).requestAdapter();
  if (!adapter) throw new Error('Dawn finds no adapter');
  console.log('WebGPU on ' + (adapter.info.description || adapter.info.vendor));
  process.exit(0);
}).catch((error) => { console.error(error.message); process.exit(1); });`,
};
