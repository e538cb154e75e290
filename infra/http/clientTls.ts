import { readFileSync } from 'node:fs';
import { Agent, type AgentOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { EbbtideError } from '../../schemas/errors.ts';

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

/** A check of a section with {@link clientTlsKeys}: a certificate and its key go together. */
export const certificateWithKey = (
  { certFile, keyFile }: ClientTlsFiles,
  issues: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void => {
  if ((certFile === undefined) === (keyFile === undefined)) return;
  const [given, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
  issues.addIssue({ code: 'custom', path: [given], message: `needs ${missing} beside it` });
};

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

/** Reads its files anew for each connection, so that a certificate that was replaced shows without a restart. */
class ClientTlsAgent extends Agent {
  readonly #section: string;
  readonly #files: ClientTlsFiles;

  constructor(section: string, files: ClientTlsFiles, options: AgentOptions) {
    // A session that is resumed would go on as whom the old certificate named
    super({ ...options, ...(files.certFile === undefined ? {} : { maxCachedSessions: 0 }) });
    this.#section = section;
    this.#files = files;
  }

  override createConnection(...[options, done]: Parameters<Agent['createConnection']>) {
    return super.createConnection({ ...options, ...readClientTls(this.#section, this.#files) }, done);
  }
}

/**
 * Connections by HTTPS to a server of ours.
 *
 * @param section - of the configuration that names the files, for messages
 * @throws {EbbtideError} as {@link readClientTls}; requests fail likewise where files have become unfit since
 */
export const clientTlsAgent = (section: string, files: ClientTlsFiles, options: AgentOptions): Agent => {
  readClientTls(section, files);
  return new ClientTlsAgent(section, files, options);
};
