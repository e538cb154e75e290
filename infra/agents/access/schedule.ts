import { CronExpressionParser } from 'cron-parser';
import { z } from 'zod';
import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { accessRecord, plausible, programOf, type Reading, readEach } from './reading.ts';

/** Whose schedule it is, and as of when. */
export interface ScheduleContext {
  /** Machine on which jobs run. */
  readonly vm: string;
  /** Time now, epoch milliseconds: runs after it are told. */
  readonly nowMs: number;
  /** IANA name of the zone that the machine's clock shows; a line `CRON_TZ=` changes it for those below. */
  readonly zone: string;
  /** Whose crontab it is; absent: each line names its user, as in `/etc/crontab` and `/etc/cron.d`. */
  readonly user?: string;
}

const setting = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;

const job = (user: string, command: string, dueMs: number, { vm, nowMs }: ScheduleContext): AccessTelemetry =>
  accessRecord({
    user,
    kind: 'scheduledJob',
    time: nowMs,
    vm,
    // The program's name alone: arguments may hold secrets
    application: programOf(command),
    scheduledFor: dueMs,
  });

/**
 * The next run of each job of a crontab, by daylight saving as cron-parser has it.
 *
 * @param text the whole file
 */
export const readCrontab = (text: string, context: ScheduleContext): Reading => {
  let { zone } = context;
  return readEach(text, (line) => {
    if (/^\s*#/.test(line)) return [];
    const set = setting.exec(line);
    if (set) {
      if (set[1] === 'CRON_TZ') zone = set[2]!.replaceAll(/["']/g, '');
      return [];
    }
    const cells = line.trim().split(/\s+/);
    const named = cells[0]!.startsWith('@');
    const fields = named ? 1 : 5;
    const [when, rest] = [cells.slice(0, fields).join(' '), cells.slice(fields)];
    const user = context.user ?? rest.shift();
    if (when === '@reboot') return [];
    if (user === undefined || rest.length === 0)
      return 'A line of a crontab needs five fields or a name such as @daily, and a command';
    try {
      const next = CronExpressionParser.parse(when, { currentDate: new Date(context.nowMs), tz: zone }).next();
      return [job(user, rest.join(' '), next.getTime(), context)];
    } catch (error) {
      return `Its time cannot be read: ${(error as Error).message}`;
    }
  });
};

const timersSchema = z.array(
  z.looseObject({
    /** Microseconds since 1970; 0 or absent for none. */
    next: z.number().nullish(),
    unit: z.string(),
    activates: z.string().nullish(),
  }),
);

/**
 * The next run of each systemd timer, of what `systemctl list-timers --all --output=json` prints.
 *
 * @param user whose timers they are
 */
export const readTimers = (text: string, user: string, context: ScheduleContext): Reading => {
  let timers: z.infer<typeof timersSchema>;
  try {
    timers = timersSchema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    return {
      records: [],
      refused: [{ raw: text, why: `It is not what systemctl list-timers prints as JSON: ${why}` }],
    };
  }
  const records = timers.flatMap(({ next, unit, activates }) => {
    const dueMs = Math.floor((next ?? 0) / 1000);
    return plausible(dueMs) ? [job(user, activates || unit, dueMs, context)] : [];
  });
  return { records, refused: [] };
};
