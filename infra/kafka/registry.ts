import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
// The package's own entry loads every cloud's key service too: 55 MB and a second of CPU that nothing here needs.
import schemaregistry from '@confluentinc/schemaregistry/dist/schemaregistry-client.js';
import type { Schema } from 'avsc';
import { EbbtideError } from '../../schemas/errors.ts';
import type { SchemaRegistry } from '../../schemas/registry.ts';
import { type ClientTlsFiles, clientTlsAgents } from '../http/clientTls.ts';

const { SchemaRegistryClient } = schemaregistry;

/** A connection that was dropped on the way is given up, and one that is idle is not kept for long enough to be. */
const timeoutMs = 30_000;
const idleMs = 5_000;
const mostTries = 8;
const raceMs = 50;

/** How to reach a Confluent-compatible schema registry. */
export interface RegistryOptions extends ClientTlsFiles {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Holds the password; goes before {@link RegistryOptions.password}. */
  readonly passwordFile?: string | undefined;
}

const passwordOf = ({ password, passwordFile }: RegistryOptions): string => {
  if (passwordFile === undefined) return password ?? '';
  try {
    return readFileSync(passwordFile, 'utf8').trimEnd();
  } catch (cause) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `Key schemaRegistry.passwordFile names ${passwordFile}, which cannot be read: ${(cause as Error).message}`,
      { key: 'schemaRegistry.passwordFile' },
      cause,
    );
  }
};

const openClient = (options: RegistryOptions): InstanceType<typeof SchemaRegistryClient> => {
  const { url, username, caFile, certFile, keyFile } = options;
  const files = { caFile, certFile, keyFile };
  return new SchemaRegistryClient({
    baseURLs: [url],
    ...(/^https:/i.test(url)
      ? {
          createAxiosDefaults: {
            timeout: timeoutMs,
            httpsAgent: clientTlsAgents('schemaRegistry', files)({ keepAlive: true, timeout: idleMs }),
            // A proxy of the environment would be handed a connection without the files
            ...(Object.values(files).some(Boolean) ? { proxy: false as const } : {}),
          },
        }
      : { createAxiosDefaults: { timeout: timeoutMs } }),
    ...(username
      ? {
          basicAuthCredentials: {
            credentialsSource: 'USER_INFO' as never,
            userInfo: `${username}:${passwordOf(options)}`,
          },
        }
      : {}),
  });
};

/**
 * How many subjects a registry knows; undefined where it knows this user, and lets it list none.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` for files that cannot be used; else what the registry failed with
 */
export const countSubjects = async (options: RegistryOptions): Promise<number | undefined> => {
  try {
    return (await openClient(options).getAllSubjects()).length;
  } catch (error) {
    if (error instanceof EbbtideError) throw error;
    if (options.username && (error as { status?: number }).status === 403) return undefined;
    throw registryError(`Cannot list the subjects at ${options.url}`, error);
  }
};

/**
 * A Confluent-compatible schema registry, through Confluent's own client. Each subject is set to BACKWARD
 * compatibility before its first schema is registered, since registries differ in their default.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` for certificate files that do not fit, or a password's file that cannot be read
 * @example
 * const registry = connectRegistry({ url: 'http://127.0.0.1:8081' });
 */
export const connectRegistry = (options: RegistryOptions): SchemaRegistry => {
  const { url } = options;
  const client = openClient(options);
  /** @returns false where the registry knows rules only of subjects that have a schema */
  const requireBackward = async (subject: string): Promise<boolean> => {
    try {
      await client.updateCompatibility(subject, 'BACKWARD' as never);
      return true;
    } catch (error) {
      if ((error as { status?: number }).status === 404) return false;
      throw error;
    }
  };
  const registerOnce = async (subject: string, schema: Schema): Promise<number> => {
    const required = await requireBackward(subject);
    const id = await client.register(subject, { schemaType: 'AVRO', schema: JSON.stringify(schema) });
    if (!required) await requireBackward(subject);
    return id;
  };
  return {
    async register(subject, schema) {
      for (let tries = 1; ; tries++)
        try {
          return await registerOnce(subject, schema);
        } catch (error) {
          if (!isRace(error) || tries === mostTries)
            throw registryError(`Cannot register the schema of ${subject} at ${url}`, error);
          await sleep(Math.random() * raceMs * 2 ** tries);
        }
    },
    async byId(id) {
      try {
        // Confluent's client fetches by subject and id; any subject will do where none is given.
        const { schema } = await client.getBySubjectAndId('', id);
        return JSON.parse(schema) as Schema;
      } catch (error) {
        throw registryError(`Cannot fetch schema ${id} from ${url}`, error);
      }
    },
  };
};

/** Of processes that register a subject's first schema at once, some registries (Apicurio) refuse all but one. */
const isRace = (error: unknown): boolean => / already exists/.test((error as Error).message);

const registryError = (doing: string, cause: unknown): EbbtideError => {
  const { status, errorCode, message } = cause as { status?: number; errorCode?: number; message?: string };
  const code =
    status === 404 ? 'SCHEMA_UNKNOWN' : status === 409 || status === 422 ? 'SCHEMA_INCOMPATIBLE' : 'KAFKA_UNAVAILABLE';
  return new EbbtideError(code, `${doing}: ${message ?? String(cause)}`, { status, errorCode }, cause);
};
