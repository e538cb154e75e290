import { createTransport } from 'nodemailer';
import { isEbbtideError } from '../../../schemas/errors.ts';
import { readSecret } from '../../vault/session.ts';
import type { MailConfig } from './config.ts';

/** A message. */
export interface Mail {
  /** Addresses, joined by commas. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
}

/** RFC 3834: nobody's absence note should answer. */
const automatic = { 'Auto-Submitted': 'auto-generated', Precedence: 'bulk' };

/**
 * A way to the mail server.
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where the password's file cannot be read
 */
export const openTransport = async (config: MailConfig) => {
  const password = config.passwordFile ? await readSecret(config.passwordFile) : config.password;
  const transport = createTransport({
    host: config.host,
    port: config.port,
    secure: config.tls === 'implicit',
    requireTLS: config.tls === 'required',
    ignoreTLS: config.tls === 'none',
    pool: true,
    maxConnections: 2,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(config.username === undefined ? {} : { auth: { user: config.username, pass: password ?? '' } }),
  });
  return {
    send: (mail: Mail): Promise<unknown> => transport.sendMail({ from: config.from, headers: automatic, ...mail }),
    close: () => transport.close(),
  };
};

/** What a failure of SMTP means: a server that is away, or answers 4xx, may take it later; 5xx never. */
export const smtpOutcome = (error: unknown): { readonly status: number; readonly mayPass: boolean } => {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  const never = code === 'EAUTH' || code === 'ETLS' || isEbbtideError(error);
  return { status: responseCode ?? 0, mayPass: !never && (responseCode === undefined || responseCode < 500) };
};
