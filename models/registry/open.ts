import { readFileSync } from 'node:fs';
import { dataFolder } from '../../infra/paths.ts';
import { EbbtideError } from '../../schemas/errors.ts';
import { cachedStore } from './cached.ts';
import type { ModelsConfig } from './config.ts';
import { DiskStore } from './disk.ts';
import { ModelRegistry } from './registry.ts';
import { readRegistryKey } from './signature.ts';
import type { ObjectStore } from './store.ts';

const scheme = 's3://';

/**
 * The configured registry.
 *
 * @param environment - holds credentials of S3 that no file does
 * @throws EbbtideError CONFIG_INVALID when credentials or keys are missing or of another form
 */
export const openModelRegistry = async (
  config: ModelsConfig,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ModelRegistry> => {
  const { signingKeyFile, verifyKeyFile } = config;
  return new ModelRegistry(await openStore(config, environment), {
    ...(signingKeyFile ? { signing: readRegistryKey(signingKeyFile, 'models.signingKeyFile', 'sign') } : {}),
    ...(verifyKeyFile ? { verifying: readRegistryKey(verifyKeyFile, 'models.verifyKeyFile', 'verify') } : {}),
  });
};

const openStore = async (config: ModelsConfig, environment: NodeJS.ProcessEnv): Promise<ObjectStore> => {
  const { registry, s3 } = config;
  if (registry === 'data') return new DiskStore(dataFolder('models', 'registry'));
  if (!registry.startsWith(scheme)) return new DiskStore(registry);
  const [bucket = '', ...rest] = registry.slice(scheme.length).split('/');
  if (bucket === '')
    throw new EbbtideError('CONFIG_INVALID', `Key models.registry must be s3://bucket/prefix, got ${registry}`, {
      key: 'models.registry',
    });
  const prefix = rest.filter((part) => part !== '').join('/');
  const credential = (file: string | undefined, setting: string, variable: string): string => {
    const found = file === undefined ? environment[variable] : readCredential(file, setting);
    if (found) return found;
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Registry ${registry} needs credentials: set the environment variable ${variable}, or name a file at ${setting}`,
      { key: setting },
    );
  };
  const { S3Store } = await import('./s3.ts');
  const remote = new S3Store({
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    endpoint: s3.endpoint ?? `https://s3.${s3.region}.amazonaws.com`,
    region: s3.region,
    accessKeyId: credential(s3.accessKeyIdFile, 'models.s3.accessKeyIdFile', 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: credential(s3.secretAccessKeyFile, 'models.s3.secretAccessKeyFile', 'AWS_SECRET_ACCESS_KEY'),
    ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
    timeoutMs: s3.timeoutMs,
  });
  return cachedStore(remote, new DiskStore(dataFolder('models', 'cache', bucket, prefix)));
};

const readCredential = (file: string, setting: string): string => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key ${setting} names ${file}, which cannot be read: ${(cause as Error).message}`,
      { key: setting },
      cause,
    );
  }
};
