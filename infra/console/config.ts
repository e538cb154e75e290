import { z } from 'zod';
import { peopleConfig, peopleProblems } from './people/config.ts';

/** Section `console` of the configuration. */
export const consoleConfig = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on'),
    port: z.int().min(0).max(65_535).default(7070).describe('Port, 0 to 65535; 0 takes any free one'),
    portTries: z
      .int()
      .min(1)
      .max(100)
      .default(20)
      .describe('Ports tried upwards from `port` when it is taken, 1 to 100; 1 insists on it'),
    ...peopleConfig,
    allowedHosts: z
      .array(z.string().min(1))
      .default([])
      .describe('Further values of the Host header that are answered, as host or host:port; loopback names always are'),
    linkFile: z
      .string()
      .min(1)
      .optional()
      .describe('File, readable by its owner alone, that always holds the next link'),
    historyMs: z
      .int()
      .min(10_000)
      .max(3_600_000)
      .default(300_000)
      .describe('History kept of each credential, milliseconds, 10 s to 1 h'),
    points: z.int().min(60).max(10_000).default(1_000).describe('Scores kept of each credential, 60 to 10000'),
    moments: z.int().min(10).max(1_000).default(120).describe('Decisions kept of each credential, 10 to 1000'),
    lanes: z
      .int()
      .min(1)
      .max(5_000)
      .default(500)
      .describe('Credentials shown at once, 1 to 5000; ended and silent ones make room'),
    subjects: z
      .int()
      .min(100)
      .max(2_000_000)
      .default(200_000)
      .describe(
        'Subjects kept in memory for search, 100 to 2 million, about 1 KB each; ended and silent ones make room',
      ),
    queue: z
      .int()
      .min(100)
      .max(1_000_000)
      .default(100_000)
      .describe('Decisions and alerts kept in the queue, 100 to 1 million; those with least at stake make room'),
    queueDays: z
      .number()
      .min(0)
      .max(365)
      .default(7)
      .describe('Days of decisions and alerts read from the archive into the queue at the start, 0 to 365'),
    clients: z.int().min(1).max(1_000).default(32).describe('Pages that may be connected at once, 1 to 1000'),
    clientQueueBytes: z
      .int()
      .min(65_536)
      .max(67_108_864)
      .default(4_194_304)
      .describe('Bytes that may wait for a slow page, 64 KiB to 64 MiB; beyond, it is sent a fresh snapshot instead'),
    flushMs: z
      .int()
      .min(10)
      .max(5_000)
      .default(100)
      .describe('How often changes are sent to pages, milliseconds, 10 to 5000'),
    from: z
      .enum(['beginning', 'end'])
      .default('end')
      .describe('Where to begin to read scores, decisions and effects; the register is always read whole'),
    thresholds: z
      .strictObject({
        low: z.number().min(0).max(1).default(0.3).describe('Below: extend, 0 to 1'),
        moderate: z.number().min(0).max(1).default(0.6).describe('Above: shorten, 0 to 1'),
        high: z.number().min(0).max(1).default(0.9).describe('Above: revoke, 0 to 1'),
      })
      .prefault({})
      .describe('Lines drawn beside the score until a policy is heard of'),
  })
  .refine(({ thresholds: { low, moderate, high } }) => low <= moderate && moderate <= high, {
    error: 'Thresholds cross: expected low <= moderate <= high',
    path: ['thresholds'],
  })
  .superRefine((config, context) => {
    for (const { path, message } of peopleProblems(config)) context.addIssue({ code: 'custom', path, message });
  });

/** Section `console` of the configuration, complete. */
export type ConsoleConfig = z.output<typeof consoleConfig>;
