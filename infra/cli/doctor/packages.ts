import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../paths.ts';
import { type Finding, look } from './finding.ts';

/** Version of an installed package; throws when it is not installed. */
const installed = (name: string): string => {
  try {
    return (
      JSON.parse(readFileSync(join(packageRoot(), 'node_modules', name, 'package.json'), 'utf8')) as { version: string }
    ).version;
  } catch {
    throw new Error(`${name} is not installed`);
  }
};

const kafka = async (): Promise<string> => {
  const { default: ckjs } = await import('@confluentinc/kafka-javascript');
  return `${installed('@confluentinc/kafka-javascript')}, librdkafka ${ckjs.librdkafkaVersion}`;
};

const onnx = async (): Promise<string> => {
  await import('onnxruntime-node');
  return `${installed('onnxruntime-node')}, on the CPU`;
};

const clickhouse = (): string => {
  const binary = `@chdb/lib-${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  return `chdb ${installed('chdb')} with ${binary} ${installed(binary)}, called through ffi-rs ${installed('ffi-rs')}`;
};

/** A package that is not among Ebbtide's own, and so is loaded by name. */
const optional = (name: string) => (): string => {
  const version = installed(name);
  createRequire(join(packageRoot(), 'package.json'))(name);
  return version;
};

/** Look at npm packages with native parts, by loading them: installed does not mean that they run. */
export const lookAtPackages = (needs: { readonly embeddedClickHouse: boolean }): Promise<Finding[]> => {
  const group = 'packages';
  const remedy = 'Run "npm run setup"';
  return Promise.all([
    look({ name: 'kafka-javascript', group, needed: true, remedy }, kafka),
    look({ name: 'onnxruntime', group, needed: true, remedy }, onnx),
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
        needed: false,
        remedy: 'Only training on a GPU needs it: npm install @tensorflow/tfjs-node-gpu',
      },
      optional('@tensorflow/tfjs-node-gpu'),
    ),
    look(
      {
        name: 'webgpu',
        group,
        needed: false,
        remedy: 'Only scoring on a GPU without CUDA needs it: npm install webgpu',
      },
      optional('webgpu'),
    ),
  ]);
};
