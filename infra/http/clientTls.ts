import { readFileSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';
import { createLogger, type Logger } from '../log.ts';

/** Files by which a client knows whom it talks to, and shows who it is; each in PEM. */
export interface ClientTlsFiles {
  /** Authorities to trust, in place of the system's. */
  readonly caFile?: string | undefined;
  /** Its own certificate, with those between it and its authority. */
  readonly certFile?: string | undefined;
  /** The private key of that certificate. */
  readonly keyFile?: string | undefined;
}

/** Keys of a section of the configuration for {@link ClientTlsFiles}. */
export const clientTlsKeys = (server: string) => ({
  caFile: z.string().min(1).optional().describe(`PEM file of the authority that signed ${server}'s certificate`),
  certFile: z
    .string()
    .min(1)
    .optional()
    .describe(`PEM file of a client certificate to show ${server} (mutual TLS); read anew for each connection`),
  keyFile: z.string().min(1).optional().describe("PEM file of that certificate's private key, not encrypted"),
});

/**
 * A check of a section with {@link clientTlsKeys}: a certificate and its key go together, and by TLS alone.
 *
 * @param addressKey - of the section, which has the server's address
 */
export const certificateWithKey =
  <K extends string>(addressKey: K) =>
  (
    { certFile, keyFile, [addressKey]: address }: ClientTlsFiles & { readonly [key in K]: string },
    issues: Issues,
  ): void => {
    const refuse = (key: string, message: string) => issues.addIssue({ code: 'custom', path: [key], message });
    if (certFile === undefined && keyFile !== undefined) refuse('keyFile', 'needs certFile beside it');
    if (certFile !== undefined && keyFile === undefined) refuse('certFile', 'needs keyFile beside it');
    if (certFile !== undefined && !/^https:/i.test(address))
      refuse('certFile', `is shown by TLS alone: ${addressKey} must begin with https://`);
  };

/** Where a check says what it found. */
export interface Issues {
  addIssue(issue: { code: 'custom'; path: string[]; message: string }): void;
}

/** What {@link readClientTls} found. */
interface ClientTls {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

/**
 * Read a client's files, and see that they fit each other.
 *
 * @param section - of the configuration that names them, for messages
 * @throws {EbbtideError} `CONFIG_INVALID` where a file cannot be read, is no PEM, or the key is another certificate's
 */
export const readClientTls = (section: string, files: ClientTlsFiles): ClientTls => {
  const tls: ClientTls = {};
  for (const [part, name] of [
    ['ca', 'caFile'],
    ['cert', 'certFile'],
    ['key', 'keyFile'],
  ] as const) {
    const path = files[name];
    if (path === undefined) continue;
    const fail = (why: string, cause: unknown) =>
      new EbbtideError(
        'CONFIG_INVALID',
        `Key ${section}.${name} names ${path}, which ${why}: ${(cause as Error).message}`,
        { key: `${section}.${name}` },
        cause,
      );
    try {
      tls[part] = readFileSync(path);
    } catch (cause) {
      throw fail('cannot be read', cause);
    }
    try {
      createSecureContext(tls);
    } catch (cause) {
      throw fail(part === 'key' ? `is not the key of ${files.certFile}` : 'holds no certificate', cause);
    }
  }
  return tls;
};

/** Makes the connections by HTTPS of a client of ours. */
export type ClientTlsAgents = (options: AgentOptions) => Agent;

/** Reads its files anew for each connection, so that a certificate that was replaced shows without a restart. */
class ClientTlsAgent extends Agent {
  readonly #current: () => ClientTls;

  constructor(current: () => ClientTls, options: AgentOptions) {
    super(options);
    this.#current = current;
  }

  override createConnection(...[options, done]: Parameters<Agent['createConnection']>) {
    return super.createConnection({ ...options, ...this.#current() }, done);
  }
}

/**
 * Connections by HTTPS to a server of ours. While a certificate is replaced, its files do not fit each other for a moment:
 * connections go on with those that did, and the log tells.
 *
 * @param section - of the configuration that names the files, for messages
 * @throws {EbbtideError} as {@link readClientTls}, where the files do not fit at the start
 */
export const clientTlsAgents = (
  section: string,
  files: ClientTlsFiles,
  log: Pick<Logger, 'info' | 'warn'> = createLogger('tls'),
): ClientTlsAgents => {
  let fitting = readClientTls(section, files);
  let told: string | undefined;
  // An error here would be thrown at whoever freed a connection, not at the request that waited for it
  const current = (): ClientTls => {
    try {
      fitting = readClientTls(section, files);
      if (told !== undefined) log.info({ section }, 'certificate files fit again');
      told = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) log.warn({ err: error }, 'certificate files do not fit: going on with the last that did');
      told = message;
    }
    return fitting;
  };
  // A session that is resumed would go on as whom the old certificate named
  const sessions = files.certFile === undefined ? {} : { maxCachedSessions: 0 };
  return (options) => new ClientTlsAgent(current, { ...options, ...sessions });
};
