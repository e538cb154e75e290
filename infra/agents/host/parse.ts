/** What `/proc/<pid>/stat` says. Times are in clock ticks, memory in pages. */
export interface ProcessStat {
  /** R, S, D, Z, …; see proc(5). */
  readonly state: string;
  readonly cpuTicks: number;
  /** Time of children that have ended and were waited for. */
  readonly childCpuTicks: number;
  readonly threads: number;
  /** Since boot; with the process id it names one process for ever. */
  readonly startTicks: number;
  readonly residentPages: number;
}

/**
 * Parse `/proc/<pid>/stat`; the command in parentheses may itself hold spaces and parentheses.
 *
 * @returns undefined where the text is no such line
 */
export const parseStat = (text: string): ProcessStat | undefined => {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 22) return undefined;
  const at = (index: number): number => Number(fields[index]);
  return {
    state: fields[0]!,
    cpuTicks: at(11) + at(12),
    childCpuTicks: at(13) + at(14),
    threads: at(17),
    startTicks: at(19),
    residentPages: at(21),
  };
};

/** The number after a key (its separator included, as in `rchar:`) at the start of a line; 0 where it is missing. */
export const numberAfter = (text: string, key: string): number => {
  const at = text.startsWith(key) ? 0 : text.indexOf(`\n${key}`) + 1;
  if (at === 0 && !text.startsWith(key)) return 0;
  return Number.parseInt(text.slice(at + key.length, at + key.length + 24), 10) || 0;
};

/** Bytes received and sent over the interfaces of a `/proc/<pid>/net/dev`. */
export const parseNetDev = (text: string, loopback: boolean): { received: number; sent: number } => {
  let received = 0;
  let sent = 0;
  for (const line of text.split('\n').slice(2)) {
    const colon = line.indexOf(':');
    if (colon < 0 || (!loopback && line.slice(0, colon).trim() === 'lo')) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    received += Number(columns[0]);
    sent += Number(columns[8]);
  }
  return { received, sent };
};

/** Sums over all devices of a cgroup's `io.stat`: `8:0 rbytes=1 wbytes=2 …` lines. */
export const parseIoStat = (text: string): { read: number; written: number } => {
  let read = 0;
  let written = 0;
  for (const match of text.matchAll(/ ([rw])bytes=(\d+)/g)) {
    if (match[1] === 'r') read += Number(match[2]);
    else written += Number(match[2]);
  }
  return { read, written };
};

/** Page size (bytes) and clock ticks a second out of `/proc/self/auxv` of a 64-bit system. */
export const parseAuxv = (bytes: Buffer): { pageBytes: number; ticksPerSecond: number } => {
  const entries = new Map<number, number>();
  for (let at = 0; at + 16 <= bytes.length; at += 16)
    entries.set(Number(bytes.readBigUInt64LE(at)), Number(bytes.readBigUInt64LE(at + 8)));
  return { pageBytes: entries.get(6) ?? 4096, ticksPerSecond: entries.get(17) ?? 100 };
};
