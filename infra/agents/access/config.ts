import { hostname } from 'node:os';
import { z } from 'zod';

const path = z.string().min(1);

/** Section `collector` of `ebbtide.yaml`: what the access collector of a host reads. */
export const accessCollectorConfig = z.strictObject({
  vm: z.string().max(255).default('').describe('Name of this machine in telemetry; empty takes the system’s'),
  everyMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(10_000)
    .describe('How often the sources are read, milliseconds, 100 to 3600000'),
  stateFile: path
    .optional()
    .describe('File that keeps how far each source was read; else collector.json in the data folder'),
  wtmp: path
    .optional()
    .describe('Logins, such as /var/log/wtmp; name either this or authLog, for both tell of the same'),
  authLog: path
    .optional()
    .describe(
      'What sshd, PAM and sudo log, such as /var/log/auth.log: logins and by which application, failed ones among them; programs run by sudo',
    ),
  machines: path
    .optional()
    .describe('File to which changes of machines’ states are appended: JSON lines, or what virsh event prints'),
  crontabs: z
    .array(z.strictObject({ path, user: z.string().min(1).optional() }))
    .max(1024)
    .default([])
    .describe('Crontabs; with a user: that user’s own, else each line names its user, as in /etc/crontab'),
  timers: z.boolean().default(false).describe('Read systemd’s timers through systemctl list-timers'),
  timersUser: z.string().min(1).default('root').describe('User whose jobs systemd’s timers are'),
  timeZone: z
    .string()
    .min(1)
    .default('UTC')
    .describe('Time zone of this machine’s clock, such as Europe/Berlin: of crontabs, and of logs without a zone'),
});

/** See {@link accessCollectorConfig}. */
export type AccessCollectorConfig = z.output<typeof accessCollectorConfig>;

/** Name of this machine in telemetry. */
export const machineName = ({ vm }: Pick<AccessCollectorConfig, 'vm'>): string => vm || hostname();
