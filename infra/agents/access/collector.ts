import { execFile } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { readAuthLog } from './authLog.ts';
import { type AccessCollectorConfig, machineName } from './config.ts';
import { type Position, positionSchema, readOn, wholeLines } from './follow.ts';
import { readMachines } from './machines.ts';
import type { Reading, Refused } from './reading.ts';
import { readCrontab, readTimers } from './schedule.ts';
import { readWtmp } from './wtmp.ts';

/** Sources by name, as metrics and dead letters name them. */
export const accessSources = ['wtmp', 'authLog', 'machines', 'crontab', 'timers'] as const;
export type AccessSourceName = (typeof accessSources)[number];

/** What one pass over the sources gave. */
export interface Collected {
  readonly source: AccessSourceName;
  readonly records: readonly AccessTelemetry[];
  readonly refused: readonly Refused[];
}

const stateSchema = z.record(z.string(), positionSchema);

/** Minutes that a zone's clock is ahead of UTC. */
const offsetMinutesOf = (zone: string, timeMs: number): number => {
  const shown = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).format(timeMs);
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?$/.exec(shown) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
};

/**
 * Reads a host's logins, schedules and machines' states, on where it ended. What was read is only left behind once
 * {@link Collector.keep} is called, after it was delivered: nothing is lost, and after a crash some may come twice.
 */
export class Collector {
  readonly #config: AccessCollectorConfig;
  readonly #stateFile: string;
  #kept: Record<string, Position> = {};
  #next: Record<string, Position> = {};
  /** What was last told of each job, so that a schedule is told when it changes only. */
  #told = new Map<string, number>();
  #telling = new Map<string, number>();

  private constructor(config: AccessCollectorConfig, stateFile: string) {
    this.#config = config;
    this.#stateFile = stateFile;
  }

  /** @throws EbbtideError STATE_CORRUPT when the file that keeps positions cannot be read */
  static async open(config: AccessCollectorConfig, stateFile: string): Promise<Collector> {
    const collector = new Collector(config, stateFile);
    const text = await readFile(stateFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{}';
      throw error;
    });
    try {
      collector.#kept = stateSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new EbbtideError(
        'STATE_CORRUPT',
        `File ${stateFile} does not say how far sources were read; delete it, and they are read from their beginning`,
        { file: stateFile },
        cause,
      );
    }
    return collector;
  }

  /** Read everything that is new. @param nowMs time now, epoch milliseconds */
  async collect(nowMs: number): Promise<readonly Collected[]> {
    const { wtmp, authLog, machines, crontabs, timers, timersUser, timeZone } = this.#config;
    const vm = machineName(this.#config);
    this.#next = { ...this.#kept };
    this.#telling = new Map();
    const collected: Collected[] = [];
    const take = (source: AccessSourceName, { records, refused }: Reading): void => {
      if (records.length + refused.length > 0) collected.push({ source, records, refused });
    };
    if (wtmp) take('wtmp', await this.#follow(wtmp, (bytes) => readWtmp(bytes, vm)));
    const lines = (read: (text: string) => Reading) => (bytes: Buffer) => {
      const { text, taken } = wholeLines(bytes);
      return { ...read(text), taken };
    };
    const offsetMinutes = offsetMinutesOf(timeZone, nowMs);
    if (authLog)
      take(
        'authLog',
        await this.#follow(
          authLog,
          lines((text) => readAuthLog(text, { vm, nowMs, offsetMinutes })),
        ),
      );
    if (machines) take('machines', await this.#follow(machines, lines(readMachines)));
    const context = { vm, nowMs, zone: timeZone };
    for (const { path, user } of crontabs) {
      const text = await readFile(path, 'utf8').catch(() => '');
      take('crontab', this.#changes(path, readCrontab(text, user === undefined ? context : { ...context, user })));
    }
    if (timers) take('timers', this.#changes('timers', readTimers(await listTimers(), timersUser, context)));
    return collected;
  }

  /** Leave behind what was collected last, for it was delivered. */
  async keep(): Promise<void> {
    this.#kept = this.#next;
    for (const [job, dueMs] of this.#telling) this.#told.set(job, dueMs);
    await writeFile(`${this.#stateFile}.new`, JSON.stringify(this.#kept));
    await rename(`${this.#stateFile}.new`, this.#stateFile);
  }

  async #follow(path: string, read: (bytes: Buffer) => Reading & { readonly taken: number }): Promise<Reading> {
    const found = await readOn(path, this.#kept[path]);
    if (!found) return { records: [], refused: [] };
    const { taken, ...reading } = read(found.bytes);
    this.#next[path] = { inode: found.from.inode, offset: found.from.offset + taken };
    return reading;
  }

  /** Of a schedule, the jobs whose next run is another than was told; and what is wrong with it, once. */
  #changes(place: string, { records, refused }: Reading): Reading {
    const isNew = (name: string, value: number): boolean => {
      this.#telling.set(name, value);
      return this.#told.get(name) !== value;
    };
    return {
      records: records.filter(({ user, application, scheduledFor }) =>
        isNew(JSON.stringify([place, user, application]), scheduledFor!),
      ),
      refused: refused.filter(({ raw }) => isNew(JSON.stringify([place, raw]), 0)),
    };
  }
}

const listTimers = async (): Promise<string> => {
  try {
    const { stdout } = await promisify(execFile)('systemctl', ['list-timers', '--all', '--output=json', '--no-pager'], {
      timeout: 10_000,
    });
    return stdout;
  } catch (error) {
    return (error as Error).message;
  }
};
