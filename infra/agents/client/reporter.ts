import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type ActivityLine, isCredentialId, isCustomName, mostCustomMetrics } from './lines.ts';

/** How a reporter reaches the host agent. */
export interface ReporterOptions {
  /** Path of the agent's Unix socket. @default process.env.EBBTIDE_AGENT_SOCKET */
  readonly socket?: string;
  /** Id of the credential that this function holds, never the credential itself. @default process.env.EBBTIDE_CREDENTIAL_ID */
  readonly credentialId?: string;
  /** Time between lines, milliseconds, 10 and up. @default 200 */
  readonly flushMs?: number;
  /** Let the agent watch this process too. @default true */
  readonly watchProcess?: boolean;
}

/** Tells the host agent what this function does. No method throws, blocks, or keeps the process alive. */
export interface Reporter {
  /** An API call was handled. */
  apiCall(outcome?: { error?: boolean }): void;
  /** Records or objects were read, by default one. */
  dataRead(count?: number): void;
  /** Records or objects were written, by default one. */
  dataWrite(count?: number): void;
  /** A value of a metric of the function's own; the agent sends the mean over each interval. */
  custom(name: string, value: number): void;
  /** Count each call of a function, and those that throw or reject, as API calls. */
  wrap<Arguments extends unknown[], Result>(run: (...values: Arguments) => Result): (...values: Arguments) => Result;
  /** The function holds another credential from now on. */
  useCredential(credentialId: string): void;
  /** Values not reported: calls while the agent was away, and those that are no valid amount, name or credential. */
  readonly dropped: number;
  /** Why the agent refused the last line that it refused. */
  readonly refusal: string | undefined;
  /** Send what is there and let go. */
  close(): Promise<void>;
}

const reconnectMs = 1000;
/** An agent that has not taken a line for this long is taken for gone. */
const deafMs = 500;
const largest = 1e9;
const counters = ['apiCalls', 'apiErrors', 'dataReads', 'dataWrites'] as const;

/**
 * Report to the host agent over its Unix socket.
 *
 * @example
 * const reporter = createReporter({ socket: '/run/ebbtide/agent.sock', credentialId: 'c-1' });
 * const handle = reporter.wrap(async (id: string) => {
 *   reporter.dataRead();
 *   return id;
 * });
 */
export const createReporter = (options: ReporterOptions = {}): Reporter => new SocketReporter(options);

class SocketReporter implements Reporter {
  readonly #path: string;
  readonly #process: Pick<ActivityLine, 'pid' | 'startTicks'>;
  readonly #timer: NodeJS.Timeout;
  #credentialId: string | undefined;
  #socket: Socket | undefined;
  #connected = false;
  #nextConnectMs = 0;
  #takenAt = 0;
  #counts = [0, 0, 0, 0];
  #values = 0;
  readonly #custom = new Map<string, [sum: number, count: number]>();
  #said = false;
  dropped = 0;
  refusal: string | undefined;

  constructor(options: ReporterOptions) {
    this.#path = options.socket ?? process.env.EBBTIDE_AGENT_SOCKET ?? '';
    this.#process = options.watchProcess === false ? {} : thisProcess();
    this.useCredential(options.credentialId ?? process.env.EBBTIDE_CREDENTIAL_ID ?? '');
    this.#timer = setInterval(() => this.#flush(), Math.max(10, options.flushMs ?? 200));
    this.#timer.unref();
    this.#connect();
  }

  apiCall(outcome: { error?: boolean } = {}): void {
    this.#count(0, 1);
    if (outcome?.error) this.#count(1, 1);
  }

  dataRead(count = 1): void {
    this.#count(2, count);
  }

  dataWrite(count = 1): void {
    this.#count(3, count);
  }

  custom(name: string, value: number): void {
    const known = typeof name === 'string' ? this.#custom.get(name) : undefined;
    const fits = known || (typeof name === 'string' && isCustomName(name) && this.#custom.size < mostCustomMetrics);
    if (!fits || !Number.isFinite(value)) {
      this.dropped++;
      return;
    }
    const total = known ?? [0, 0];
    total[0] += value;
    total[1]++;
    this.#values++;
    if (!known) this.#custom.set(name, total);
  }

  wrap<Arguments extends unknown[], Result>(run: (...values: Arguments) => Result): (...values: Arguments) => Result {
    const reporter = this;
    return function (this: unknown, ...values: Arguments): Result {
      let result: Result;
      try {
        result = run.apply(this, values);
      } catch (error) {
        reporter.apiCall({ error: true });
        throw error;
      }
      if (typeof (result as { then?: unknown } | undefined)?.then !== 'function') {
        reporter.apiCall();
        return result;
      }
      (result as PromiseLike<unknown>).then(
        () => reporter.apiCall(),
        () => reporter.apiCall({ error: true }),
      );
      return result;
    };
  }

  useCredential(credentialId: string): void {
    this.#flush();
    this.#credentialId = isCredentialId(credentialId) ? credentialId : undefined;
    if (credentialId !== '' && this.#credentialId === undefined) this.dropped++;
    this.#said = false;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#nextConnectMs = Number.POSITIVE_INFINITY;
    if (!socket || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), reconnectMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
      socket.resume();
    });
  }

  #count(index: number, amount: number): void {
    if (typeof amount !== 'number' || !(amount >= 0 && amount <= largest)) {
      this.dropped++;
      return;
    }
    this.#counts[index]! += amount;
    this.#values++;
  }

  #flush(): void {
    this.#leaveDeafAgent();
    if (this.#said && this.#values === 0) return;
    const values = this.#values;
    const line = this.#takeLine();
    if (!line) {
      this.dropped += values;
      this.#connect();
      return;
    }
    this.#said = true;
    this.#socket!.write(`${JSON.stringify(line)}\n`);
  }

  /** A write that waits for its reader keeps the process alive, though the socket itself does not. */
  #leaveDeafAgent(): void {
    const now = performance.now();
    if (!this.#connected || this.#socket?.writableLength === 0) this.#takenAt = now;
    else if (now - this.#takenAt > deafMs) this.#socket?.destroy();
  }

  /** What happened since the line before; undefined where there is nobody to tell, or not for whom. */
  #takeLine(): ActivityLine | undefined {
    const counts = this.#counts;
    const custom = [...this.#custom].filter(([, [, count]]) => count > 0);
    this.#counts = [0, 0, 0, 0];
    this.#values = 0;
    for (const [name] of custom) this.#custom.set(name, [0, 0]);
    // An agent that does not read would let lines pile up in this function's memory.
    if (!this.#connected || this.#credentialId === undefined || this.#socket!.writableNeedDrain) return undefined;
    const line: ActivityLine = { credentialId: this.#credentialId, ...this.#process };
    counters.forEach((key, index) => {
      if (counts[index]! > 0) line[key] = counts[index]!;
    });
    if (custom.length > 0) line.custom = Object.fromEntries(custom);
    return line;
  }

  #connect(): void {
    const now = performance.now();
    if (this.#socket || this.#path === '' || now < this.#nextConnectMs) return;
    this.#nextConnectMs = now + reconnectMs;
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('connect', () => {
      this.#connected = true;
      this.#said = false;
    });
    let pending = '';
    socket.on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop()!.slice(-1024);
      for (const line of lines) this.refusal = refusalIn(line) ?? this.refusal;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#connected = false;
      this.#said = false;
      if (this.#socket === socket) this.#socket = undefined;
    });
  }
}

const refusalIn = (line: string): string | undefined => {
  try {
    const { error } = JSON.parse(line) as { error?: unknown };
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
};

const thisProcess = (): Pick<ActivityLine, 'pid' | 'startTicks'> => {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    return Number.isFinite(startTicks) ? { pid: process.pid, startTicks } : { pid: process.pid };
  } catch {
    return {};
  }
};
