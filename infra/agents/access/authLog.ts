import type { AccessTelemetry } from '../../../schemas/generated/index.ts';
import { accessRecord, plausible, programOf, type Reading, readEach } from './reading.ts';

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
/** Time and host; who speaks has to come right after, since what follows may hold what strangers typed. */
const head = String.raw`^(?:[A-Z][a-z]{2} {1,2}\d{1,2} [\d:]{8}|\S+) \S+ `;
/** sshd says these of itself, or since OpenSSH 9.8 of its part `sshd-session`. */
const bySshd = new RegExp(
  String.raw`${head}sshd(?:-session)?\[\d+\]: (Accepted|Failed) (\S+) for (invalid user )?(.*?) from (\S+) port \d+`,
);
/** What PAM says of everything else that lets users in: consoles, display managers, cockpit, ftp. */
const byPam = new RegExp(
  String.raw`${head}[\w.@-]+(?:\[\d+\])?\]?: pam_unix\(([\w.-]{1,64}):session\): session opened for user ([^\s(]+)`,
);
/** Sessions that are no logins, or that somebody else tells of: sshd of its own, collectors of scheduled jobs of theirs. */
const noLogins: ReadonlySet<string> = new Set(
  'sshd cron crond atd sudo sudo-i su su-l doas runuser runuser-l systemd-run0 systemd-user polkit-1 pkexec gdm-launch-environment lightdm-greeter sddm-greeter greetd-greeter'.split(
    ' ',
  ),
);
/** Who asked sudo, and the fields that it tells of that. */
const bySudo = new RegExp(String.raw`${head}sudo(?:\[\d+\])?: +(\S+) : (?!\(command continued\))(.*)$`);
/** What `sudo -l` and `sudo -v` have in place of a program's path. */
const noPrograms: ReadonlySet<string> = new Set(['list', 'validate']);
/** Characters; syslog's lines are shorter. */
const longestLine = 4_096;

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
 * The command in what sudo tells, `[why not ; ][HOST=…][TTY=…][CHROOT=…]PWD=…; USER=…[GROUP=…][TSID=…][ENV=…]COMMAND=…` joined by
 * ` ; `, and whether it was run. Nothing is quoted there: the first command that stands where one may stand counts, since arguments
 * come after it; folders and variables, which may hold anything, come before it.
 */
const sudoUse = (fields: readonly string[]): { readonly command: string; readonly ran: boolean } | undefined => {
  const folder = fields.findIndex((field) => /^(?:PWD|USER|COMMAND)=/.test(field));
  if (!fields[folder]?.startsWith('PWD=')) return undefined;
  const runAs = fields.findIndex((field, at) => at > folder && /^USER=\S+$/.test(field));
  if (runAs < 0) return undefined;
  const at = fields.findIndex((field, index) => index > runAs && field.startsWith('COMMAND='));
  const between = fields.slice(runAs + 1, Math.max(at, runAs + 1));
  const loose = between.findIndex((field) => !/^(?:GROUP|TSID|CHROOT)=/.test(field));
  if (at < 0 || (loose >= 0 && !between[loose]!.startsWith('ENV='))) return undefined;
  return { command: fields[at]!.slice('COMMAND='.length), ran: /^(?:HOST|TTY|CHROOT|PWD)=/.test(fields[0]!) };
};

type Told = Pick<AccessTelemetry, 'user' | 'kind'> & Partial<AccessTelemetry>;

/** What a line tells, but when and where; undefined where it concerns something else. */
const toldIn = (line: string): Told | undefined => {
  const login = bySshd.exec(line);
  if (login) {
    const [, outcome, , invalid, user, address] = login;
    if (invalid) return undefined;
    return { user: user!, kind: 'login', application: 'sshd', address: address!, succeeded: outcome === 'Accepted' };
  }
  const [, asker, fields] = bySudo.exec(line) ?? [];
  if (asker && fields) {
    const use = sudoUse(fields.split(' ; '));
    // The program's name alone: arguments may hold secrets
    const application = use && programOf(use.command);
    if (!application || noPrograms.has(use.command.split(' ', 1)[0]!)) return undefined;
    return { user: asker, kind: 'application', application, succeeded: use.ran };
  }
  const session = byPam.exec(line);
  if (!session || noLogins.has(session[1]!)) return undefined;
  return { user: session[2]!, kind: 'login', application: session[1]! };
};

/**
 * Logins and uses of programs in `/var/log/auth.log` or `/var/log/secure`, failed ones among them: by sshd and whatever else lets
 * users in through PAM, and programs run by sudo. Names of users that there are not are left out: they are what somebody typed, now
 * and then a password. Lines of more than 4,096 characters, which no syslog daemon writes of these, are left out.
 *
 * @param text whole lines
 */
export const readAuthLog = (text: string, context: AuthLogContext): Reading =>
  readEach(text, (line) => {
    const told = line.length > longestLine ? undefined : toldIn(line);
    if (!told) return [];
    const time = timeOf(line, context);
    if (!plausible(time)) return 'It begins with no time that can be read';
    return [accessRecord({ ...told, time, vm: context.vm })];
  });
