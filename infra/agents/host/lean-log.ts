import { writeSync } from 'node:fs';
import type { Logger } from '../../log.ts';

const levels = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: 100 } as const;

/**
 * JSON lines on standard error in the form of `createLogger`, for the process that cannot afford pino's memory.
 * The agent knows no secrets, so there are none to blank out.
 */
export const leanLog = (component: string): Pick<Logger, 'info' | 'warn' | 'error'> => {
  const least = levels[(process.env.EBBTIDE_LOG ?? 'info') as keyof typeof levels] ?? levels.info;
  const at =
    (level: number) =>
    (fields: object, msg: string): void => {
      if (level >= least) writeSync(2, `${JSON.stringify({ level, time: Date.now(), component, ...fields, msg })}\n`);
    };
  return { info: at(levels.info), warn: at(levels.warn), error: at(levels.error) } as Pick<
    Logger,
    'info' | 'warn' | 'error'
  >;
};
