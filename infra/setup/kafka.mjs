import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dockerEngine, startInDocker, stopInDocker } from './kafka-docker.mjs';
import { kafkaVersion, missingForJars, prepareBroker } from './kafka-jars.mjs';
import { kafkaAnswers, untilKafkaAnswers } from './kafka-probe.mjs';
import { withLock } from './lock.mjs';
import { setupFolder } from './places.mjs';
import { freePort } from './ports.mjs';
import { SetupError, say, step } from './say.mjs';

const preferredPort = 19_092;
const stopTimeoutMs = 20_000;
const folder = () => setupFolder('services');

/** Where the address of the running broker is noted. */
export const servicesFile = () => setupFolder('services', 'kafka.json');

/** The broker that was started here and answers, or undefined. */
export const runningKafka = async () => {
  const noted = readNote();
  return noted && (await kafkaAnswers(noted.brokers)) ? noted : undefined;
};

/** Why no real Kafka can be started on this machine, in words; undefined when it can. */
export const whyNoKafka = async () => {
  if (await dockerEngine()) return undefined;
  const missing = await missingForJars();
  return missing && `a Docker engine, or ${missing}`;
};

const readNote = () => {
  try {
    return JSON.parse(readFileSync(servicesFile(), 'utf8'));
  } catch {
    return undefined;
  }
};

const writeNote = (note) => {
  writeFileSync(`${servicesFile()}.new`, `${JSON.stringify(note, null, 2)}\n`);
  renameSync(`${servicesFile()}.new`, servicesFile());
};

/** A broker for one run of the tests ends with it, even when the run is killed. */
const endWithOwner = (owner, pid) => {
  const script = `
    while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done
    kill -TERM "$2" 2>/dev/null; sleep 15; kill -KILL "$2" 2>/dev/null`;
  spawn('sh', ['-c', script, 'kafka-watch', String(owner), String(pid)], { detached: true, stdio: 'ignore' }).unref();
};

const startFromJars = async (port, owner) => {
  const work = join(folder(), 'kafka');
  rmSync(work, { recursive: true, force: true });
  const controllerPort = await freePort(port + 1);
  const { command, args } = await prepareBroker({ folder: work, port, controllerPort, heapMb: 1024 });
  const log = openSync(join(work, 'kafka.log'), 'a');
  const child = spawn(command, args, { cwd: work, detached: true, stdio: ['ignore', log, log] });
  let running = true;
  child.once('exit', () => {
    running = false;
  });
  child.unref();
  if (owner) endWithOwner(owner, child.pid);
  if (!(await untilKafkaAnswers(`127.0.0.1:${port}`, { isRunning: () => running }))) {
    if (running) process.kill(child.pid, 'SIGKILL');
    throw new SetupError(`Kafka did not start; see ${join(work, 'kafka.log')}`);
  }
  return { kind: 'jars', pid: child.pid };
};

const startContainer = async (port) => {
  const container = await startInDocker(port);
  if (await untilKafkaAnswers(`127.0.0.1:${port}`)) return { kind: 'docker', container };
  await stopInDocker(container);
  throw new SetupError(`Kafka started in container ${container} but did not answer at 127.0.0.1:${port}`);
};

const start = async (port, owner) => {
  const missing = await missingForJars();
  if (await dockerEngine()) {
    try {
      return await startContainer(port);
    } catch (error) {
      if (missing) throw error;
      say(`${error.message}\nFalling back to Kafka's jars`);
    }
  }
  if (missing) throw new SetupError(`Real Kafka needs a Docker engine, or ${missing}`);
  return startFromJars(port, owner);
};

/**
 * Start a real Kafka unless one is running, and note its address in `.ebbtide/services/kafka.json`.
 *
 * With `EBBTIDE_SERVICES_OWNER` (a process id) a broker started from jars ends with that process.
 *
 * @returns {Promise<{ brokers: string, kind: 'jars' | 'docker', version: string, pid?: number, container?: string, owner?: number }>}
 */
export const bringUp = async () => {
  mkdirSync(folder(), { recursive: true });
  return withLock(join(folder(), 'kafka.lock'), async () => {
    const running = await runningKafka();
    if (running) return running;
    await end(readNote());
    const owner = Number(process.env.EBBTIDE_SERVICES_OWNER) || undefined;
    const port = await freePort(preferredPort);
    const started = await step(`Starting Apache Kafka ${kafkaVersion}`, '8 s', () => start(port, owner));
    const note = { brokers: `127.0.0.1:${port}`, version: kafkaVersion, ...started, owner };
    writeNote(note);
    return note;
  });
};

const isRunning = (pid) => {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka');
  } catch (error) {
    // Without /proc the process id must do
    return error.code === 'ENOENT' && process.platform !== 'linux';
  }
};

const end = async (note) => {
  if (note?.container) await stopInDocker(note.container);
  if (note?.pid && isRunning(note.pid)) {
    process.kill(note.pid, 'SIGTERM');
    const deadline = performance.now() + stopTimeoutMs;
    while (isRunning(note.pid) && performance.now() < deadline) await sleep(100);
    if (isRunning(note.pid)) process.kill(note.pid, 'SIGKILL');
  }
  rmSync(servicesFile(), { force: true });
  rmSync(join(folder(), 'kafka'), { recursive: true, force: true });
};

/** Stop the broker that was started here and remove its data; with `owner` only when it belongs to that process. */
export const bringDown = async ({ owner } = {}) => {
  const note = readNote();
  if (!note || (owner !== undefined && note.owner !== owner)) return undefined;
  await withLock(join(folder(), 'kafka.lock'), () => end(note));
  return note;
};
