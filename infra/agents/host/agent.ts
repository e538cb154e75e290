import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Health } from '../../context.ts';
import type { Producer } from '../../kafka/types.ts';
import type { Logger } from '../../log.ts';
import type { ActivityLine } from '../client/lines.ts';
import { ActivityServer } from './activity-server.ts';
import { encodeTelemetry } from './avro.ts';
import type { HostAgentConfig } from './config.ts';
import type { AgentCounts } from './counts.ts';
import { Outbox } from './outbox.ts';
import { startTicksOf } from './resolve.ts';
import type { SpooledRecord } from './segment.ts';
import { describeMachine, type Machine, Networks } from './source.ts';
import { Spool } from './spool.ts';
import { Watch } from './watch.ts';

/** What an agent needs of the outside; each may fail, and is then asked again. */
export interface AgentOptions {
  readonly config: HostAgentConfig;
  /** Topic to write to. */
  readonly topic: string;
  /** JSON of its Avro schema. */
  readonly schema: string;
  /** Folder of the spool. */
  readonly spoolFolder: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** A connected producer. */
  readonly connect: () => Promise<Producer>;
  /** The registry's id of a schema under the subject of `telemetry.resource`. */
  readonly schemaId: (schema: string) => Promise<number>;
}

const closeGraceMs = 3000;
const latenessBeforeUnready = 3;

/**
 * The host agent (BMA): samples functions and sends what they do to `telemetry.resource`.
 *
 * Broker and registry may be away at any time, at the start too: telemetry then waits in the spool.
 */
export class HostAgent {
  readonly #options: AgentOptions;
  readonly #host: string;
  readonly #machine: Machine;
  readonly #networks: Networks;
  readonly #watches = new Set<Watch>();
  readonly #spool: Spool;
  readonly #outbox: Outbox;
  readonly #schemaIds = new Map<string, number>();
  #producer: Producer | undefined;
  #connecting: Promise<Producer> | undefined;
  #server: ActivityServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextSampleMs = 0;
  #nextFlushMs = 0;
  #lastTickMs = 0;
  #samples = 0;
  #closed = false;

  /** @throws {EbbtideError} `RUNTIME_MISSING` where this is not Linux, `CONFIG_INVALID` where the folder is in use */
  constructor(options: AgentOptions) {
    if (process.platform !== 'linux')
      throw new EbbtideError(
        'RUNTIME_MISSING',
        `The host agent reads /proc and cgroups, so it runs on Linux only, and this is ${process.platform}; run it on the Linux host or in the virtual machine where the functions run`,
        { platform: process.platform },
      );
    this.#options = options;
    const { config, log } = options;
    this.#host = config.host || hostname().slice(0, 255);
    this.#machine = describeMachine(config);
    this.#networks = new Networks(config.loopback);
    for (const target of config.targets) this.#watches.add(new Watch(target, this.#machine, this.#networks));
    const { schema } = options;
    this.#spool = new Spool({ folder: options.spoolFolder, limitBytes: config.spoolBytes, schema });
    if (this.#spool.tornBytes > 0)
      log.warn({ tornBytes: this.#spool.tornBytes }, 'end of the spool was torn by a crash and cut off');
    if (this.#spool.samples > 0)
      log.info({ waitingSamples: this.#spool.samples }, 'telemetry of an earlier run waits in the spool');
    this.#outbox = new Outbox({
      ...config,
      spool: this.#spool,
      schema,
      log,
      send: (records, of) => this.#send(records, of),
    });
  }

  /** Path of the socket on which functions report; undefined where none is open. */
  get socketFile(): string | undefined {
    const { socketFile } = this.#options.config;
    return socketFile === 'none' ? undefined : socketFile || join(this.#options.spoolFolder, 'agent.sock');
  }

  /** Open the socket and begin to sample. */
  async start(): Promise<void> {
    const { config, log } = this.#options;
    const path = this.socketFile;
    if (path !== undefined) {
      this.#server = await ActivityServer.listen({
        path,
        mode: Number.parseInt(config.socketMode, 8),
        log,
        onActivity: (line) => this.#report(line),
        onGone: (credentialId) => this.#reporterGone(credentialId),
      });
    }
    log.info(
      {
        host: this.#host,
        targets: config.targets.length,
        socket: path,
        folder: dirname(join(this.#options.spoolFolder, '.')),
      },
      'agent samples',
    );
    const now = performance.now();
    this.#nextSampleMs = now;
    this.#nextFlushMs = now + config.flushMs;
    this.#tick();
  }

  counts(): AgentCounts {
    const alive = [...this.#watches].filter((watch) => watch.alive).length;
    return {
      ...this.#outbox.counts,
      acceptedLines: this.#server?.counts.acceptedLines ?? 0,
      refusedLines: this.#server?.counts.refusedLines ?? 0,
      samples: this.#samples,
      givenUpSamples: this.#outbox.givenUpSamples,
      waitingSamples: this.#outbox.waitingSamples,
      spoolBytes: this.#spool.bytes,
      watched: this.#watches.size,
      alive,
    };
  }

  /** Not ready while the broker takes nothing or sampling stands still. */
  health(): Health {
    const { samples, givenUpSamples, waitingSamples, alive, watched } = this.counts();
    const lateMs = performance.now() - this.#lastTickMs;
    const stalled = lateMs > latenessBeforeUnready * Math.max(1000, this.#options.config.sampleMs);
    const error = this.#outbox.lastError;
    const problems = [...this.#watches].flatMap((watch) => watch.problem ?? []);
    const parts = [
      `${alive} of ${watched} functions run, ${samples} samples taken`,
      ...(waitingSamples > 0 ? [`${waitingSamples} wait`] : []),
      ...(givenUpSamples > 0 ? [`${givenUpSamples} given up`] : []),
      ...(error ? [`broker takes nothing: ${error.message}`] : []),
      ...(stalled ? [`no sample for ${Math.round(lateMs)} ms`] : []),
      ...problems.slice(0, 3),
    ];
    return { ready: !error && !stalled && !this.#closed, detail: parts.join('; ') };
  }

  /** Take leave of functions, send or spool what is there, and close everything. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#server?.close();
    this.#flush(performance.now());
    for (const watch of this.#watches) watch.close();
    await this.#outbox.close(closeGraceMs);
    // One that comes after all is not waited for
    this.#connecting?.then((producer) => producer.close()).catch(() => {});
    await this.#producer?.close().catch(() => {});
  }

  #tick(): void {
    const { sampleMs, flushMs, resolveMs } = this.#options.config;
    const now = performance.now();
    this.#lastTickMs = now;
    if (now >= this.#nextSampleMs) {
      this.#nextSampleMs = Math.max(this.#nextSampleMs + sampleMs, now + sampleMs / 2);
      this.#networks.nextRound();
      const time = Date.now();
      for (const watch of this.#watches) if (watch.sample(time, performance.now(), resolveMs)) this.#samples++;
    }
    if (now >= this.#nextFlushMs) {
      this.#nextFlushMs = Math.max(this.#nextFlushMs + flushMs, now + flushMs / 2);
      this.#flush(now);
    }
    const pauseMs = Math.min(this.#nextSampleMs, this.#nextFlushMs) - performance.now();
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, Math.ceil(pauseMs)));
  }

  #flush(nowMs: number): void {
    const sentAt = Date.now();
    for (const watch of this.#watches) {
      for (const { credentialId, samples } of watch.takeBatches(nowMs, this.#options.config.heartbeatMs)) {
        const body = encodeTelemetry({ credentialId, host: this.#host, sentAt, samples });
        this.#outbox.add({ key: credentialId, body, samples: samples.length });
      }
      if ('reporter' in watch.subject && !watch.alive) {
        watch.close();
        this.#watches.delete(watch);
      }
    }
  }

  #report(line: ActivityLine): string | undefined {
    const watch = this.#watchFor(line);
    if (!watch) return `This agent watches ${this.#watches.size} functions, as many as agent.maxTargets allows`;
    const refused = watch.report(line, performance.now());
    return refused > 0 ? `${refused} custom metrics are more than one function may have` : undefined;
  }

  #watchFor(line: ActivityLine): Watch | undefined {
    const watches = [...this.#watches];
    const known = watches.find(({ credentialId }) => credentialId === line.credentialId);
    if (known) return known;
    const pid = this.#verifiedPid(line);
    const awaiting = pid === undefined ? undefined : watches.find((watch) => watch.awaitsReporter && watch.pid === pid);
    if (awaiting) return awaiting;
    if (watches.length >= this.#options.config.maxTargets) return undefined;
    const watched = pid !== undefined && watches.some((watch) => watch.pid === pid);
    const watch = new Watch(
      { reporter: line.credentialId, ...(pid === undefined || watched ? {} : { pid }) },
      this.#machine,
      this.#networks,
    );
    this.#watches.add(watch);
    return watch;
  }

  /** The reported process id, unless the process of that id here is another (a container counts by itself). */
  #verifiedPid({ pid, startTicks }: ActivityLine): number | undefined {
    if (pid === undefined) return undefined;
    const here = startTicksOf(this.#machine.procMount, pid);
    return here !== undefined && (startTicks === undefined || startTicks === here) ? pid : undefined;
  }

  #reporterGone(credentialId: string): void {
    for (const watch of this.#watches) if (watch.credentialId === credentialId) watch.reporterGone();
  }

  /** The producer there is, or that is being connected, for all who ask. */
  async #connect(): Promise<Producer> {
    if (this.#producer) return this.#producer;
    this.#connecting ??= this.#options
      .connect()
      .then((producer) => {
        this.#producer = producer;
        return producer;
      })
      .finally(() => {
        this.#connecting = undefined;
      });
    return this.#connecting;
  }

  async #send(records: readonly SpooledRecord[], schema: string): Promise<void> {
    const producer = await this.#connect();
    const id = this.#schemaIds.get(schema) ?? (await this.#options.schemaId(schema));
    this.#schemaIds.set(schema, id);
    const { topic } = this.#options;
    try {
      await producer.send(records.map(({ key, body }) => ({ topic, key, value: frame(id, body) })));
    } catch (error) {
      // The next try takes a new client: one that was cut off may have forgotten where Kafka is (librdkafka#5301)
      if (this.#producer === producer) this.#producer = undefined;
      void producer.close().catch(() => {});
      throw error;
    }
  }
}

const frame = (id: number, body: Buffer): Buffer => {
  const framed = Buffer.allocUnsafe(5 + body.length);
  framed[0] = 0;
  framed.writeUInt32BE(id, 1);
  body.copy(framed, 5);
  return framed;
};
