import { z } from 'zod';

const milliseconds = (least: number, most: number, preset: number, what: string) =>
  z.int().min(least).max(most).default(preset).describe(`${what}, milliseconds, ${least} to ${most}`);

/** One process or cgroup to watch, and the credential that it holds. */
export const targetConfig = z
  .strictObject({
    pid: z.int().min(1).optional().describe('Process id'),
    pidFile: z.string().min(1).optional().describe('File that holds the process id; followed when it changes'),
    command: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Regular expression over the command line, its arguments joined by spaces; the oldest match is watched',
      ),
    cgroup: z
      .string()
      .min(1)
      .optional()
      .describe('Path of a cgroup v2 below cgroupMount, e.g. /system.slice/app.service'),
    credentialId: z.string().min(1).max(256).optional().describe('Credential that the process holds'),
    credentialFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'File in which the function keeps the id (never the secret) of its credential; followed when it changes',
      ),
    tree: z.boolean().default(false).describe('Count the descendants of the process too'),
  })
  .refine(
    (target) => [target.pid, target.pidFile, target.command, target.cgroup].filter((x) => x !== undefined).length === 1,
    {
      message: 'must name exactly one of pid, pidFile, command and cgroup',
    },
  )
  .refine((target) => target.credentialId === undefined || target.credentialFile === undefined, {
    message:
      'must not have both credentialId and credentialFile; without either, the function reports its credential itself',
  });

/** Section `agent` of `ebbtide.yaml`: the host agent (BMA). */
export const hostAgentConfig = z.strictObject({
  host: z.string().max(255).default('').describe('Name of this host in telemetry; empty takes the system’s'),
  targets: z.array(targetConfig).max(256).default([]).describe('What to watch'),
  maxTargets: z
    .int()
    .min(1)
    .max(4096)
    .default(256)
    .describe('Most credentials watched at once, those of reporting functions included'),
  sampleMs: milliseconds(50, 60_000, 1000, 'Time between samples'),
  flushMs: milliseconds(50, 60_000, 1000, 'Time between messages'),
  heartbeatMs: milliseconds(
    1000,
    600_000,
    10_000,
    'Longest silence before a message without samples says that the agent lives',
  ),
  resolveMs: milliseconds(
    100,
    600_000,
    5000,
    'Time between searches for processes that are not there, and for new descendants',
  ),
  fileIo: z
    .enum(['storage', 'syscalls'])
    .default('storage')
    .describe(
      'File bytes that count: those that reached storage, or all that read and write calls moved (cached files, but pipes too)',
    ),
  loopback: z.boolean().default(false).describe('Count the traffic of the loopback interface too'),
  socketFile: z
    .string()
    .default('')
    .describe(
      'Unix socket on which functions report API calls and data access; empty puts agent.sock beside the spool, "none" opens none',
    ),
  socketMode: z
    .enum(['0600', '0660', '0666'])
    .default('0600')
    .describe('Permission on the socket; who may write to it may report in the name of any credential'),
  spoolFolder: z
    .string()
    .default('')
    .describe('Folder for telemetry that the broker has not taken; empty takes agent/ in the data folder'),
  spoolBytes: z
    .int()
    .min(65_536)
    .max(2 ** 40)
    .default(67_108_864)
    .describe('Most bytes on disk, 65536 and up; the oldest telemetry is given up first, and counted'),
  memoryBytes: z
    .int()
    .min(16_384)
    .max(67_108_864)
    .default(262_144)
    .describe('Most bytes waiting in memory before they go to disk'),
  sendTimeoutMs: milliseconds(2000, 300_000, 35_000, 'Longest wait for the broker’s acknowledgement'),
  retryMinMs: milliseconds(10, 60_000, 250, 'First wait after a failed send; doubles each time'),
  retryMaxMs: milliseconds(10, 600_000, 15_000, 'Longest wait after a failed send'),
  procMount: z.string().min(1).default('/proc').describe('Where the host’s proc file system is mounted'),
  cgroupMount: z.string().min(1).default('/sys/fs/cgroup').describe('Where the host’s cgroup v2 is mounted'),
});

/** Configuration of the host agent, complete and checked. */
export type HostAgentConfig = z.output<typeof hostAgentConfig>;

/** One entry of {@link HostAgentConfig.targets}. */
export type TargetConfig = z.output<typeof targetConfig>;
