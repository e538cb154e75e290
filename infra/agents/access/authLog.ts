import { accessRecord, plausible, type Reading, readEach } from './reading.ts';

/** What lines without a year and a zone are read by. */
export interface AuthLogContext {
  /** Name of this machine. */
  readonly vm: string;
  /** Time now, epoch milliseconds: a day and month without a year is the last such day. */
  readonly nowMs: number;
  /** Minutes that the log's clock is ahead of UTC, for times without a zone. */
  readonly offsetMinutes: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const traditional = /^([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) /;
const iso = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)) /;
/** sshd says these of itself, or since OpenSSH 9.8 of its part `sshd-session`. */
const message = / sshd(?:-session)?\[\d+\]: (Accepted|Failed) (\S+) for (invalid user )?(.*?) from (\S+) port \d+/;

/** Time of a syslog line: RFC 3339 as rsyslog and journald write it, or the traditional form without year and zone. */
const timeOf = (line: string, { nowMs, offsetMinutes }: AuthLogContext): number => {
  const stamp = iso.exec(line)?.[1];
  if (stamp) return Date.parse(stamp);
  const parts = traditional.exec(line);
  const month = months.indexOf(parts?.[1] ?? '');
  if (!parts || month < 0) return Number.NaN;
  const [day, hour, minute, second] = parts.slice(2).map(Number) as [number, number, number, number];
  const inYear = (year: number) => Date.UTC(year, month, day, hour, minute, second) - offsetMinutes * 60_000;
  const year = new Date(nowMs).getUTCFullYear();
  // A clock may be a little ahead; a line from a day to come is one of last year
  return inYear(year + 1) <= nowMs + 86_400_000
    ? inYear(year + 1)
    : inYear(year) <= nowMs + 86_400_000
      ? inYear(year)
      : inYear(year - 1);
};

/**
 * Logins that sshd wrote to `/var/log/auth.log` or `/var/log/secure`, failed ones among them. Names of users that there
 * are not are left out: they are what somebody typed, now and then a password.
 *
 * @param text whole lines
 */
export const readAuthLog = (text: string, context: AuthLogContext): Reading =>
  readEach(text, (line) => {
    const found = message.exec(line);
    if (!found) return [];
    const [, outcome, , invalid, user, address] = found;
    if (invalid) return [];
    const time = timeOf(line, context);
    if (!plausible(time)) return 'It begins with no time that can be read';
    return [
      accessRecord({
        user: user!,
        kind: 'login',
        time,
        vm: context.vm,
        address: address!,
        succeeded: outcome === 'Accepted',
      }),
    ];
  });
