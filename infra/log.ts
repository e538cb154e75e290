import { type Logger, pino } from 'pino';

export type { Logger };

/** Keys that never reach a log line, at any depth up to three. */
const secretKeys = [
  'token',
  'client_token',
  'secret',
  'secretId',
  'secret_id',
  'password',
  'private_key',
  'authorization',
  'x-vault-token',
  'jwt',
];
const redact = secretKeys.flatMap((key) =>
  ['', '*.', '*.*.'].map((depth) => (key.includes('-') ? `${depth.slice(0, -1)}["${key}"]` : `${depth}${key}`)),
);

/**
 * A structured JSON logger that writes to standard error and blanks out secrets.
 *
 * The level comes from `EBBTIDE_LOG` (`trace` to `fatal`, or `silent`), by default `info`.
 *
 * @param component - which part speaks, e.g. `vault.actuator`
 * @example
 * createLogger('agent').info({ samples: 20 }, 'batch sent');
 */
export const createLogger = (component: string): Logger =>
  pino(
    {
      name: 'ebbtide',
      level: process.env.EBBTIDE_LOG ?? 'info',
      base: { component },
      redact: { paths: redact, censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
