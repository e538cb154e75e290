import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseRuntime, type RuntimeChoice } from '../../../models/runtimes/choose.ts';
import type { RuntimeName } from '../../../models/runtimes/runtime.ts';
import { installedFolder, setupCommand } from '../../paths.ts';
import { type Finding, look } from './finding.ts';

/** Version of an installed package; throws when it is not installed. */
const installed = (name: string): string => {
  const folder = installedFolder(name);
  if (!folder) throw new Error(`${name} is not installed`);
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
};

const kafka = async (): Promise<string> => {
  const { default: ckjs } = await import('@confluentinc/kafka-javascript');
  return `${installed('@confluentinc/kafka-javascript')}, librdkafka ${ckjs.librdkafkaVersion}`;
};

const clickhouse = (): string => {
  const binary = `@chdb/lib-${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  return `chdb ${installed('chdb')} with ${binary} ${installed(binary)}, called through ffi-rs ${installed('ffi-rs')}`;
};

/** A runtime for models, started, since loading alone does not tell whether it finds a device. */
const runtime = (name: RuntimeName) => async (): Promise<string> => {
  const { provider, version, withoutGpu } = (await chooseRuntime(name)).runtime;
  return `${version}, on ${provider}${withoutGpu ? `. ${withoutGpu}` : ''}`;
};

/** Look at npm packages with native parts, by loading them: installed does not mean that they run. */
export const lookAtPackages = (needs: {
  readonly embeddedClickHouse: boolean;
  readonly runtime: RuntimeChoice;
}): Promise<Finding[]> => {
  const group = 'packages';
  const remedy = `Run "${setupCommand()}"`;
  return Promise.all([
    look({ name: 'kafka-javascript', group, needed: true, remedy }, kafka),
    look(
      { name: 'onnxruntime', group, needed: needs.runtime === 'auto' || needs.runtime === 'onnx', remedy },
      runtime('onnx'),
    ),
    look(
      {
        name: 'chdb',
        group,
        needed: needs.embeddedClickHouse,
        remedy: `${remedy}; or set clickhouse.url to a server of yours`,
      },
      clickhouse,
    ),
    look(
      {
        name: 'tensorflow',
        group,
        needed: needs.runtime === 'tensorflow',
        remedy: `Trains faster, on a GPU or the CPU: ${setupCommand('--runtime tensorflow')}`,
      },
      runtime('tensorflow'),
    ),
    look(
      {
        name: 'webgpu',
        group,
        needed: needs.runtime === 'webgpu',
        remedy: `Scores on a GPU without CUDA: ${setupCommand('--runtime webgpu')}`,
      },
      runtime('webgpu'),
    ),
  ]);
};
