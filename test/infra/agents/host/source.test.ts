import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CgroupSource } from '../../../../infra/agents/host/cgroup.ts';
import { ProcessSource } from '../../../../infra/agents/host/process.ts';
import { Networks, ratesBetween } from '../../../../infra/agents/host/source.ts';
import { TreeSource } from '../../../../infra/agents/host/tree.ts';
import { isEbbtideError } from '../../../../schemas/errors.ts';
import { temporaryFolder } from '../../../services/folder.ts';
import { thisMachine, until, worker } from '../support.ts';

const linux = { skip: process.platform === 'linux' ? false : 'reads /proc, so Linux only' };
const networks = () => new Networks(false);

const opened = <S extends { close(): void }>(t: TestContext, source: S): S => {
  t.after(() => source.close());
  return source;
};

/** Burns CPU until it has used so many seconds of it, by its own account. */
const burner = `rl.on('line', (seconds) => {
  const from = process.cpuUsage();
  for (;;) { const used = process.cpuUsage(from); if ((used.user + used.system) / 1e6 >= Number(seconds)) break; }
  say('burnt');
});`;

test('ProcessSource must see the CPU time that a process burns', linux, async (t) => {
  const { pid, tell } = await worker(t, burner);
  const source = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  const before = source.read()!;
  await tell('0.5');
  const burnt = source.read()!.cpuSeconds - before.cpuSeconds;
  assert.ok(burnt >= 0.45 && burnt < 1.5, `${burnt} s`);
});

test('ProcessSource must see the memory that a process takes', linux, async (t) => {
  const { pid, tell } = await worker(
    t,
    `let held; rl.on('line', (bytes) => { held = Buffer.alloc(Number(bytes), 1); say('held'); });`,
  );
  const source = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  const before = source.read()!.memoryBytes!;
  await tell(String(64 * 2 ** 20));
  const taken = source.read()!.memoryBytes! - before;
  assert.ok(taken > 60 * 2 ** 20 && taken < 100 * 2 ** 20, `${taken} bytes`);
});

test('ProcessSource must see the file bytes that a process writes and reads', linux, async (t) => {
  const file = join(temporaryFolder(t), 'file');
  const { pid, tell } = await worker(
    t,
    `const fs = require('node:fs'); rl.on('line', (bytes) => {
    const fd = fs.openSync(${JSON.stringify(file)}, 'w');
    fs.writeSync(fd, Buffer.alloc(Number(bytes), 7)); fs.fsyncSync(fd); fs.closeSync(fd);
    fs.readFileSync(${JSON.stringify(file)});
    say('done');
  });`,
  );
  const bytes = 8 * 2 ** 20;
  const storage = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  const syscalls = opened(t, new ProcessSource(pid, thisMachine({ fileIo: 'syscalls' }), networks()));
  const before = { storage: storage.read()!, syscalls: syscalls.read()! };
  await tell(String(bytes));
  const written = syscalls.read()!.writtenBytes! - before.syscalls.writtenBytes!;
  const read = syscalls.read()!.readBytes! - before.syscalls.readBytes!;
  assert.ok(written >= bytes && written < bytes * 1.1, `${written} bytes written`);
  assert.ok(read >= bytes && read < bytes * 1.1, `${read} bytes read`);
  // A temporary folder in memory has no storage; then nothing may be told of it.
  const stored = storage.read()!.writtenBytes! - before.storage.writtenBytes!;
  assert.ok(stored === 0 || (stored >= bytes && stored < bytes * 1.2), `${stored} bytes stored`);
});

test('ProcessSource must count open sockets and threads', linux, async (t) => {
  const { pid, tell } = await worker(
    t,
    `const net = require('node:net'); const open = [];
    rl.on('line', (count) => {
      const server = net.createServer((socket) => open.push(socket)).listen(0, '127.0.0.1', () => {
        let left = Number(count);
        for (let i = 0; i < Number(count); i++) open.push(net.connect(server.address().port, '127.0.0.1', () => { if (--left === 0) setTimeout(() => say('open'), 200); }));
      });
    });`,
  );
  const source = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  const before = source.read()!;
  await tell('10');
  // Ten dialled, ten accepted, and one that listens. Before Linux 6.2 they are counted only now and then.
  await until('21 sockets are seen', () => source.read()!.connections! - before.connections! === 21);
  assert.ok(before.threads! >= 5);
});

test('ProcessSource must say that a process is gone, be it a zombie or reaped', linux, async (t) => {
  const { pid, child } = await worker(t, '');
  const source = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  assert.ok(source.read());
  child.kill('SIGKILL');
  await until('the process is gone', () => source.read() === undefined);
  await until('the process is reaped', () => !existsSync(`/proc/${pid}`));
  assert.equal(source.read(), undefined);
  assert.throws(() => new ProcessSource(pid, thisMachine(), networks()), /ENOENT/);
});

test('ProcessSource must take the network of the namespace for its own, read once for all in it', linux, (t) => {
  const counters = networks();
  const machine = thisMachine({ loopback: true });
  const sources = [process.pid, process.ppid].map((pid) =>
    opened(t, new ProcessSource(pid, machine, new Networks(true))),
  );
  const [own] = sources.map((source) => source.read()!);
  assert.ok(own!.receivedBytes! >= 0 && own!.sentBytes! >= 0);
  const shared = [process.pid, process.ppid].map((pid) => opened(t, new ProcessSource(pid, machine, counters)).read()!);
  assert.equal(shared[0]!.receivedBytes, shared[1]!.receivedBytes);
});

const parent = `const { spawn } = require('node:child_process');
  const busy = 'const from = process.cpuUsage(); for (;;) { const used = process.cpuUsage(from); if ((used.user + used.system) / 1e6 >= 0.4) break; } process.send?.("burnt"); if (process.argv[1] === "stay") process.stdin.resume();';
  rl.on('line', (how) => {
    const child = spawn(process.execPath, ['-e', busy, how], { stdio: ['pipe', 'ignore', 'inherit', 'ipc'] });
    if (how === 'stay') child.once('message', () => say(String(child.pid))); else child.once('exit', () => say('ended'));
  });`;

test('TreeSource must count children that live and children that have ended', linux, async (t) => {
  const { pid, tell } = await worker(t, parent);
  const tree = opened(t, new TreeSource(pid, thisMachine(), networks()));
  const alone = opened(t, new ProcessSource(pid, thisMachine(), networks()));
  const before = { tree: tree.read()!, alone: alone.read()! };
  await tell('end');
  const ended = tree.read()!.cpuSeconds - before.tree.cpuSeconds;
  assert.ok(ended >= 0.38, `${ended} s of a child that nobody looked at while it lived`);
  await tell('stay');
  tree.refresh();
  const after = tree.read()!;
  assert.ok(after.cpuSeconds - before.tree.cpuSeconds >= 0.78);
  assert.ok(after.memoryBytes! > before.tree.memoryBytes! * 1.5);
  assert.ok(alone.read()!.cpuSeconds - before.alone.cpuSeconds < 0.5);
});

test('ratesBetween must give means, never negative, and null where the system does not tell', () => {
  const usage = {
    cpuSeconds: 1,
    receivedBytes: 100,
    sentBytes: null,
    readBytes: 50,
    writtenBytes: 0,
    memoryBytes: 7,
    connections: 1,
    threads: 2,
  };
  const later = { ...usage, cpuSeconds: 2, receivedBytes: 300, readBytes: 40, memoryBytes: 9, connections: null };
  assert.deepEqual(ratesBetween(usage, later, 2), {
    cpuCores: 0.5,
    receivedBytes: 100,
    sentBytes: null,
    readBytes: 0,
    writtenBytes: 0,
    memoryBytes: 9,
    connections: null,
    threads: 2,
  });
});

/** Files of a cgroup v2 as a Linux 6 host with systemd shows them. */
const recordedCgroup = (t: TestContext, pids: readonly number[]): { mount: string; folder: string } => {
  const mount = temporaryFolder(t);
  const folder = join(mount, 'system.slice', 'orders.service');
  mkdirSync(join(folder, 'worker'), { recursive: true });
  const files = {
    'cgroup.procs': `${pids[0] ?? ''}\n`,
    'cpu.stat':
      'usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnice_usec 0\ncore_sched.force_idle_usec 0\nnr_periods 0\n',
    'memory.current': '104857600\n',
    'memory.stat':
      'anon 41943040\nfile 52428800\nkernel 1048576\ninactive_anon 0\nactive_anon 41943040\ninactive_file 20971520\nactive_file 31457280\n',
    'io.stat':
      '259:0 rbytes=1000 wbytes=2000 rios=1 wios=1 dbytes=0 dios=0\n8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n',
    'pids.current': '42\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(
    join(folder, 'worker', 'cgroup.procs'),
    pids
      .slice(1)
      .map((pid) => `${pid}\n`)
      .join(''),
  );
  return { mount, folder };
};

test('CgroupSource must read every controller and ask its processes for the rest', linux, (t) => {
  const { mount } = recordedCgroup(t, [process.pid, process.ppid]);
  const source = opened(
    t,
    new CgroupSource('/system.slice/orders.service', thisMachine({ cgroupMount: mount }), networks()),
  );
  const usage = source.read()!;
  assert.equal(usage.cpuSeconds, 2.5);
  assert.equal(usage.memoryBytes, 104857600 - 20971520);
  assert.deepEqual([usage.readBytes, usage.writtenBytes], [1010, 2020]);
  assert.equal(usage.threads, 42);
  assert.ok(usage.connections !== null && usage.receivedBytes !== null);
});

test('CgroupSource must say null for controllers that are off', linux, (t) => {
  const mount = temporaryFolder(t);
  mkdirSync(join(mount, 'app'));
  writeFileSync(join(mount, 'app', 'cgroup.procs'), '');
  writeFileSync(join(mount, 'app', 'cpu.stat'), 'usage_usec 1000000\n');
  const source = opened(t, new CgroupSource('app', thisMachine({ cgroupMount: mount }), networks()));
  assert.deepEqual(source.read(), {
    cpuSeconds: 1,
    memoryBytes: null,
    readBytes: null,
    writtenBytes: null,
    connections: null,
    threads: null,
    receivedBytes: null,
    sentBytes: null,
  });
});

test('CgroupSource must tell a missing cgroup from one of version 1', linux, (t) => {
  const mount = temporaryFolder(t);
  mkdirSync(join(mount, 'old'));
  writeFileSync(join(mount, 'old', 'cpuacct.usage'), '1\n');
  const machine = thisMachine({ cgroupMount: mount });
  assert.throws(
    () => new CgroupSource('none', machine, networks()),
    (error) => isEbbtideError(error, 'NOT_FOUND'),
  );
  assert.throws(
    () => new CgroupSource('old', machine, networks()),
    (error) => isEbbtideError(error, 'CONFIG_INVALID') && /version 2/.test(error.message),
  );
});

/** Where this machine lets us make a cgroup v2, or undefined. */
const realCgroup = (t: TestContext): { mount: string; name: string } | undefined => {
  const mount = /^cgroup2? (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'latin1'))?.[1];
  const name = `ebbtide-test-${process.pid}`;
  if (mount === undefined) return undefined;
  try {
    mkdirSync(join(mount, name));
  } catch {
    return undefined;
  }
  t.after(async () => {
    for (let attempt = 0; attempt < 50 && existsSync(join(mount, name)); attempt++) {
      try {
        rmdirSync(join(mount, name));
      } catch {
        await sleep(100);
      }
    }
  });
  return { mount, name };
};

test('CgroupSource must see what happens in a real cgroup, and its end', linux, async (t) => {
  const real = realCgroup(t);
  if (!real) return t.skip('Skipped: this machine does not let us make a cgroup v2');
  const { pid, tell, child } = await worker(t, burner);
  writeFileSync(join(real.mount, real.name, 'cgroup.procs'), String(pid));
  const source = opened(t, new CgroupSource(real.name, thisMachine({ cgroupMount: real.mount }), networks()));
  const before = source.read()!;
  assert.ok(before.threads! >= 5);
  await tell('0.5');
  const burnt = source.read()!.cpuSeconds - before.cpuSeconds;
  assert.ok(burnt >= 0.45 && burnt < 1.5, `${burnt} s`);
  child.kill('SIGKILL');
  await until('the cgroup can be removed', () => {
    try {
      execFileSync('rmdir', [join(real.mount, real.name)], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  assert.equal(source.read(), undefined);
});
