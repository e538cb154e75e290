import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { setupCommand } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { findPackage } from './packages.ts';
import type { Runtime } from './runtime.ts';
import { initialise, tfjsCompilers, unrolledLstm } from './tfjs.ts';

/** The parts of WebGPU that are used here; Node's types do not have them. */
interface Adapter {
  readonly limits: Readonly<Record<string, number>>;
  readonly features: { has(feature: string): boolean };
  readonly info?: { readonly vendor?: string; readonly architecture?: string; readonly description?: string };
  requestDevice(descriptor: object): Promise<unknown>;
}
interface Dawn {
  readonly globals: object;
  create(options: readonly string[]): { requestAdapter(options?: object): Promise<Adapter | null> };
}
interface WebgpuBackend {
  readonly WebGPUBackend: new (device: unknown, info: unknown) => tf.KernelBackend;
}

/** Limits that tfjs' kernels count on as far as the adapter allows. */
const limits = [
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
];

/** SwiftShader, a Vulkan device on the CPU, as Debian's chromium and Chrome bring it. */
export const swiftShaderPlaces = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

/** How to get WebGPU. */
export const webgpuRemedy = `Run "${setupCommand('--runtime webgpu')}"`;

const hasGpu = (): boolean =>
  existsSync('/dev/nvidiactl') ||
  (existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD')));

/** Without a GPU, point the Vulkan loader to SwiftShader; what the user has set stays. */
const prepareVulkan = (): void => {
  if (process.platform !== 'linux') return;
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const icd = swiftShaderPlaces.find(existsSync);
  if (icd && !hasGpu()) process.env.VK_ICD_FILENAMES ??= icd;
};

/** What a machine without an adapter lacks; NVIDIA's driver finds its GPU for Vulkan through libEGL where there is no X. */
const noAdapter = (): string =>
  process.platform === 'linux' && existsSync('/dev/nvidiactl')
    ? "no adapter: libvulkan1 or libegl1 is missing, without which NVIDIA's driver offers no Vulkan, or the driver has none"
    : 'no adapter: there is no Vulkan loader (libvulkan1), or no device for it';

/** Show a GPU where a browser has it for as long as tfjs looks there; whatever else sniffs for a browser sees none. */
const withNavigator = <T>(gpu: object, work: () => T): T => {
  const scope = globalThis as { navigator?: object };
  const own = scope.navigator === undefined;
  if (own) scope.navigator = { gpu };
  else Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true });
  try {
    return work();
  } finally {
    if (own) delete scope.navigator;
    else delete (scope.navigator as { gpu?: object }).gpu;
  }
};

let started: Promise<Runtime> | undefined;
/** Dawn's instance must outlive its devices. */
let gpu: ReturnType<Dawn['create']> | undefined;

const start = async (): Promise<Runtime> => {
  const missing = (why: string, cause?: unknown) =>
    new EbbtideError('RUNTIME_MISSING', `WebGPU does not start: ${why}. ${webgpuRemedy}`, {}, cause);
  const dawn = findPackage('webgpu', 'webgpu');
  const backend = findPackage('@tensorflow/tfjs-backend-webgpu', 'webgpu');
  if (!dawn || !backend) throw missing(`${dawn ? '@tensorflow/tfjs-backend-webgpu' : 'webgpu'} is not installed`);
  prepareVulkan();
  let adapter: Adapter | null;
  let WebGPUBackend: WebgpuBackend['WebGPUBackend'];
  let device: unknown;
  try {
    const { create, globals } = (await import(pathToFileURL(dawn.require.resolve('webgpu')).href)) as Dawn;
    Object.assign(globalThis, globals);
    const instance = create([]);
    gpu = instance;
    ({ WebGPUBackend } = backend.require('@tensorflow/tfjs-backend-webgpu') as WebgpuBackend);
    adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new Error(noAdapter());
    const has = adapter.limits;
    device = await adapter.requestDevice({
      requiredLimits: Object.fromEntries(limits.map((name) => [name, has[name]])),
      requiredFeatures: ['timestamp-query', 'bgra8unorm-storage'].filter((name) => adapter?.features.has(name)),
    });
  } catch (cause) {
    throw missing((cause as Error).message.split('\n')[0] ?? 'unknown reason', cause);
  }
  const info = adapter.info;
  tf.registerBackend('webgpu', () => withNavigator(gpu!, () => new WebGPUBackend(device, info)));
  if (!(await initialise('webgpu'))) throw missing('TensorFlow.js does not take the device');
  return {
    name: 'webgpu',
    provider: info?.description || info?.architecture || info?.vendor || 'unknown adapter',
    version: `${backend.version} (Dawn ${dawn.version})`,
    ...tfjsCompilers({ backend: 'webgpu', lstm: unrolledLstm }),
  };
};

/**
 * Start WebGPU: Dawn with the first adapter that it finds, SwiftShader on the CPU where there is no GPU.
 *
 * @throws EbbtideError RUNTIME_MISSING when it is not installed, or finds no adapter
 */
export const startWebgpu = (): Promise<Runtime> => {
  started ??= start();
  return started;
};
