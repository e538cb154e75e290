import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { readAuthLog } from '../../../../infra/agents/access/authLog.ts';
import { readMachines } from '../../../../infra/agents/access/machines.ts';
import { readCrontab, readTimers } from '../../../../infra/agents/access/schedule.ts';
import { readWtmp, wtmpRecordBytes } from '../../../../infra/agents/access/wtmp.ts';

const at = Date.parse('2026-03-10T08:30:00Z');

suite('wtmp', () => {
  const entry = (type: number, user: string, timeMs: number, address = [10, 0, 0, 7]): Buffer => {
    const bytes = Buffer.alloc(wtmpRecordBytes);
    bytes.writeInt16LE(type, 0);
    bytes.write('pts/0', 8);
    bytes.write(user, 44);
    bytes.write('laptop.example', 76);
    bytes.writeUInt32LE(Math.floor(timeMs / 1000), 340);
    bytes.set(address, 348);
    return bytes;
  };

  test('readWtmp() gives logins, and leaves a record that is not whole for later', () => {
    const whole = [entry(2, 'reboot', at), entry(7, 'ada', at), entry(8, '', at + 1000)];
    const { records, refused, taken } = readWtmp(
      Buffer.concat([...whole, entry(7, 'bob', at).subarray(0, 100)]),
      'build-7',
    );
    assert.equal(taken, 3 * wtmpRecordBytes);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      records.map(({ user, kind, time, vm, address }) => ({ user, kind, time, vm, address })),
      [{ user: 'ada', kind: 'login', time: at, vm: 'build-7', address: '10.0.0.7' }],
    );
  });

  test('readWtmp() refuses what is damaged, record by record', () => {
    const { records, refused } = readWtmp(
      Buffer.concat([entry(77, 'ada', at), entry(7, 'ada', 5000), entry(7, '', at), entry(7, 'bob', at, [0, 0, 0, 0])]),
      'build-7',
    );
    assert.deepEqual(
      refused.map(({ why }) => why.split(' ', 2).join(' ')),
      ['Type 77', 'Time 5000', 'A login'],
    );
    assert.equal(records[0]!.address, 'laptop.example');
  });

  const dump = spawnSync('utmpdump', ['--version']);
  const skip = dump.error ? 'utmpdump is not installed' : false;
  test('readWtmp() reads what util-linux writes', { skip }, () => {
    const line =
      '[7] [01234] [ts/0] [ada     ] [pts/0       ] [laptop.example      ] [10.0.0.7       ] [2026-03-10T08:30:00,000000+00:00]\n';
    const { stdout } = spawnSync('utmpdump', ['-r'], { input: line });
    const { records } = readWtmp(stdout, 'build-7');
    assert.deepEqual(
      records.map(({ user, time, address }) => [user, time, address]),
      [['ada', at, '10.0.0.7']],
    );
  });
});

suite('auth log', () => {
  const context = { vm: 'build-7', nowMs: Date.parse('2026-03-10T09:00:00Z'), offsetMinutes: 60 };

  test('readAuthLog() gives logins that succeeded and that failed, in both forms of time', () => {
    const { records, refused } = readAuthLog(
      [
        '2026-03-10T08:30:00.123456+00:00 build-7 sshd[411]: Accepted publickey for ada from 10.0.0.7 port 50022 ssh2: ED25519 SHA256:x',
        'Mar 10 09:30:01 build-7 sshd-session[412]: Failed password for bob from 2001:db8::1 port 50023 ssh2',
        'Mar 10 09:30:02 build-7 sshd[413]: Failed password for invalid user hunter2 from 10.0.0.9 port 1 ssh2',
        'Mar 10 09:30:03 build-7 CRON[414]: pam_unix(cron:session): session opened for user root(uid=0)',
        '',
      ].join('\n'),
      context,
    );
    assert.deepEqual(refused, []);
    assert.deepEqual(
      records.map(({ user, time, address, succeeded }) => [user, time, address, succeeded]),
      [
        ['ada', at + 123, '10.0.0.7', true],
        ['bob', at + 1000, '2001:db8::1', false],
      ],
    );
    assert.ok(!JSON.stringify(records).includes('hunter2'));
  });

  test('readAuthLog() gives the application of a login, and programs run by sudo without their arguments', () => {
    const stamp = '2026-03-10T08:30:00+00:00 build-7';
    const { records, refused } = readAuthLog(
      [
        `${stamp} sshd[411]: Accepted publickey for ada from 10.0.0.7 port 50022 ssh2`,
        `${stamp} sshd[411]: pam_unix(sshd:session): session opened for user ada(uid=1000) by ada(uid=0)`,
        `${stamp} login[500]: pam_unix(login:session): session opened for user bob(uid=1001) by LOGIN(uid=0)`,
        `${stamp} gdm-password]: pam_unix(gdm-password:session): session opened for user eve by (uid=0)`,
        `${stamp} cockpit-session[501]: pam_unix(cockpit:session): session opened for user ada(uid=1000) by (uid=0)`,
        `${stamp} gdm-launch-environment]: pam_unix(gdm-launch-environment:session): session opened for user gdm by (uid=0)`,
        `${stamp} systemd[502]: pam_unix(systemd-user:session): session opened for user ada(uid=1000) by (uid=0)`,
        `${stamp} sudo:      ada : TTY=pts/0 ; PWD=/home/ada ; USER=root ; COMMAND=/usr/bin/psql --password=hunter2`,
        `${stamp} sudo[503]:      ada : PWD=/ ; USER=root ; COMMAND=/bin/ls`,
        `${stamp} sudo[504]:   bob : user NOT in sudoers ; TTY=pts/1 ; PWD=/home/bob ; USER=root ; ENV=A=b ; COMMAND=/usr/bin/apt update`,
        `${stamp} sudo: pam_unix(sudo:session): session opened for user root(uid=0) by ada(uid=1000)`,
        `${stamp} CRON[414]: pam_unix(cron:session): session opened for user backup(uid=0)`,
        // What a stranger gives as a name
        `${stamp} sshd[7]: Invalid user x sudo: ada : PWD=/ ; USER=root ; COMMAND=/bin/ls from 10.0.0.9 port 1`,
        `${stamp} sshd[7]: Invalid user h sshd[1]: Accepted password for ada from 10.0.0.9 port 1 ssh2 from 10.0.0.9 port 1`,
      ].join('\n'),
      context,
    );
    assert.deepEqual(refused, []);
    assert.deepEqual(
      records.map(({ user, kind, application, succeeded }) => [user, kind, application, succeeded]),
      [
        ['ada', 'login', 'sshd', true],
        ['bob', 'login', 'login', true],
        ['eve', 'login', 'gdm-password', true],
        ['ada', 'login', 'cockpit', true],
        ['ada', 'application', 'psql', true],
        ['ada', 'application', 'ls', true],
        ['bob', 'application', 'apt', false],
      ],
    );
    assert.ok(records.every(({ time, vm }) => time === at && vm === 'build-7'));
    assert.ok(!JSON.stringify(records).includes('hunter2'));
  });

  /** Who ran what by a line of sudo, and whether they might. */
  const sudo = (...lines: string[]) =>
    readAuthLog(lines.map((line) => `2026-03-10T08:30:00+00:00 build-7 sudo: ${line}`).join('\n'), context).records.map(
      ({ user, application, succeeded }) => [user, application, succeeded],
    );

  test('readAuthLog() takes the program from where sudo names it, and not from its arguments', () => {
    const asked = 'ada : TTY=pts/0 ; PWD=/ ; USER=root ;';
    assert.deepEqual(
      sudo(
        `${asked} COMMAND=/usr/bin/rm x ; COMMAND=/bin/ls`,
        `${asked} GROUP=adm ; TSID=00000A ; ENV=A=b ; COMMAND=/usr/bin/id ; USER=bob ; COMMAND=/bin/ls`,
        'ada : TTY=pts/0 ; CHROOT=/srv/x ; PWD=/ ; USER=root ; COMMAND=/usr/bin/make',
        'ada : command not allowed ; CHROOT=/srv/x ; PWD=/ ; USER=root ; COMMAND=/usr/bin/make',
        'ada : TTY=pts/0 ; PWD=/home/a ; b ; USER=root ; COMMAND=/usr/bin/psql',
        // No run of a program, or not the beginning of what is told of one
        `${asked} COMMAND=list`,
        `${asked} COMMAND=list /usr/bin/psql`,
        `${asked} COMMAND=validate`,
        'ada : (command continued) x ; PWD=/ ; USER=root ; COMMAND=/bin/ls',
        `${asked} x ; COMMAND=/bin/ls`,
        'ada : USER=root ; COMMAND=/bin/true ; PWD=/ ; USER=root ; COMMAND=/bin/ls',
      ),
      [
        ['ada', 'rm', true],
        ['ada', 'id', true],
        ['ada', 'make', true],
        ['ada', 'make', false],
        ['ada', 'psql', true],
      ],
    );
  });

  test('readAuthLog() goes through hostile lines once', () => {
    // Each folder and each user could be the one that counts, and no program follows where one may
    const line = (length: number) => `ada : ${'PWD=x ; USER=y ; '.repeat(length / 17)}`;
    assert.deepEqual(sudo(line(4_000), line(8_192), `${line(8_192)}COMMAND=/bin/ls`), []);
  });

  test('readAuthLog() leaves out sessions that are no logins', () => {
    const text = ['doas', 'systemd-run0', 'greetd-greeter']
      .map((by) => `2026-03-10T08:30:00+00:00 h x[1]: pam_unix(${by}:session): session opened for user root(uid=0)`)
      .join('\n');
    assert.deepEqual(readAuthLog(text, context).records, []);
  });

  test('a day without a year is the last such day, and what has no time is refused', () => {
    const last = readAuthLog('Dec 31 23:59:59 h sshd[1]: Accepted password for ada from 10.0.0.7 port 1 ssh2', context);
    assert.equal(last.records[0]!.time, Date.parse('2025-12-31T22:59:59Z'));
    const odd = readAuthLog('yesterday h sshd[1]: Accepted password for ada from 10.0.0.7 port 1 ssh2', context);
    assert.match(odd.refused[0]!.why, /no time that can be read/);
  });
});

suite('schedules', () => {
  const context = { vm: 'build-7', nowMs: Date.parse('2026-03-28T12:00:00Z'), zone: 'Europe/Berlin' };

  test('readCrontab() gives each job’s next run, over a change of clocks, by the zone that is set', () => {
    const text = [
      '# nightly',
      'SHELL=/bin/sh',
      '0 4 * * * backup /usr/local/bin/backup --token s3cret',
      '@daily root /usr/sbin/logrotate',
      '@reboot root /bin/true',
      'CRON_TZ="America/New_York"',
      '30 9 * * 1-5 ada report',
    ].join('\n');
    const { records, refused } = readCrontab(text, context);
    assert.deepEqual(refused, []);
    assert.deepEqual(
      records.map(({ user, application, scheduledFor }) => [user, application, new Date(scheduledFor!).toISOString()]),
      [
        // 04:00 in Berlin is 02:00 UTC, since clocks went forward that night
        ['backup', 'backup', '2026-03-29T02:00:00.000Z'],
        ['root', 'logrotate', '2026-03-28T23:00:00.000Z'],
        ['ada', 'report', '2026-03-30T13:30:00.000Z'],
      ],
    );
    assert.ok(!JSON.stringify(records).includes('s3cret'));
  });

  test('readCrontab() takes a user’s own crontab, and refuses lines alone', () => {
    const { records, refused } = readCrontab('61 * * * * nope\n*/5 * * * *\n15 13 * * * job\n', {
      ...context,
      user: 'ada',
    });
    assert.deepEqual(
      records.map(({ user, scheduledFor }) => [user, scheduledFor]),
      [['ada', Date.parse('2026-03-28T12:15:00Z')]],
    );
    assert.equal(refused.length, 2);
    assert.match(refused[0]!.why, /time cannot be read/);
  });

  test('readTimers() gives systemd’s next runs', () => {
    const text = JSON.stringify([
      {
        next: 1_774_700_000_000_000,
        left: 1,
        last: 0,
        passed: 0,
        unit: 'logrotate.timer',
        activates: 'logrotate.service',
      },
      { next: null, unit: 'idle.timer', activates: 'idle.service' },
    ]);
    const { records } = readTimers(text, 'root', context);
    assert.deepEqual(
      records.map(({ application, scheduledFor }) => [application, scheduledFor]),
      [['logrotate.service', 1_774_700_000_000]],
    );
    assert.match(readTimers('NEXT LEFT', 'root', context).refused[0]!.why, /not what systemctl/);
  });
});

test('readMachines() takes our lines, EC2’s and libvirt’s, and leaves out what changes nothing', () => {
  const { records, refused } = readMachines(
    [
      '{"time":"2026-03-10T08:30:00Z","vm":"build-7","state":"running"}',
      '{"detail-type":"EC2 Instance State-change Notification","time":"2026-03-10T08:30:00Z","detail":{"instance-id":"i-1","state":"terminated"}}',
      "2026-03-10 09:30:00.000+0100: event 'lifecycle' for domain 'db-1': Stopped Shutdown",
      "2026-03-10 09:30:00.000+0100: event 'reboot' for domain 'db-1': x",
      '{"time":1,"vm":"build-7","state":"running"}',
      '{"vm":"build-7"}',
      'constructor',
      '{"time":"2026-03-10T08:30:00Z","vm":"build-7","state":"constructor"}',
    ].join('\n'),
  );
  assert.deepEqual(
    records.map(({ user, vm, vmState, time }) => [user, vm, vmState, time]),
    [
      ['', 'build-7', 'running', at],
      ['', 'i-1', 'archived', at],
      ['', 'db-1', 'stopped', at],
    ],
  );
  assert.equal(refused.length, 3);
});
