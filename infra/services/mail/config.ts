import { z } from 'zod';

/** Notices by mail; `mail` in `ebbtide.yaml`. */
export const mailConfig = z.strictObject({
  host: z.string().default('127.0.0.1').describe('SMTP server'),
  port: z.int().min(1).max(65_535).default(587).describe('Its port'),
  tls: z
    .enum(['required', 'implicit', 'none'])
    .default('required')
    .describe(
      'required: STARTTLS or nothing is sent; implicit: TLS from the start (port 465); none: only on a network of your own',
    ),
  username: z.string().optional().describe('Name to log in with'),
  password: z.string().optional().describe('Its password, taken from the environment'),
  passwordFile: z.string().optional().describe('File that holds the password instead'),
  from: z.email().default('ebbtide@localhost.localdomain').describe('Sender'),
  administrators: z.array(z.email()).default([]).describe('Who gets alerts'),
  leastSeverity: z
    .enum(['info', 'warning', 'critical'])
    .default('warning')
    .describe('Least severity of an alert that administrators get'),
  userAddress: z
    .string()
    .regex(/^[^\s@]*\{user\}[^\s@]*@[^\s@]+$|^\{user\}$/, 'must contain {user}, such as {user}@example.org')
    .optional()
    .describe('Address of a user; {user} is filled in. Without it users get no mail'),
  messagesPerHour: z
    .int()
    .min(1)
    .default(30)
    .describe('Messages to one address an hour; what is beyond is counted, not sent'),
  attempts: z.int().min(1).default(8).describe('Tries to send one message while the server is away or busy'),
  backoffMs: z.int().min(1).default(2_000).describe('First wait before another try, milliseconds; doubles'),
  maxBackoffMs: z.int().min(1).default(120_000).describe('Longest wait before another try, milliseconds'),
});

/** A validated {@link mailConfig}. */
export type MailConfig = z.output<typeof mailConfig>;
