import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { Logger } from '../../log.ts';
import { type ActivityLine, mostLineBytes } from '../client/lines.ts';
import { parseActivity } from './activity.ts';

const mostConnections = 512;
const mostLinesASecond = 200;
const mostRefusals = 100;
const longestSocketPath = 107;

/** What an activity server tells its owner. */
export interface ActivityServerOptions {
  readonly path: string;
  /** Permission on the socket, e.g. 0o600. */
  readonly mode: number;
  readonly log: Pick<Logger, 'warn'>;
  /** A function has done something. Returns what is wrong with it, in words, where it is refused. */
  onActivity(line: ActivityLine): string | undefined;
  /** The function that held this credential has disconnected, or changed to another credential. */
  onGone(credentialId: string): void;
}

/** Takes lines of activity from functions on a Unix socket; see protocol.md beside the client library. */
export class ActivityServer {
  readonly #options: ActivityServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly counts = { acceptedLines: 0, refusedLines: 0 };

  private constructor(options: ActivityServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = mostConnections;
  }

  /**
   * @throws {EbbtideError} `CONFIG_INVALID` where the path is too long, another agent listens there, or the folder
   * cannot be written
   */
  static async listen(options: ActivityServerOptions): Promise<ActivityServer> {
    if (Buffer.byteLength(options.path) > longestSocketPath)
      throw new EbbtideError(
        'CONFIG_INVALID',
        `Path of the socket must have at most ${longestSocketPath} bytes, got ${options.path}; set agent.socketFile to a shorter one`,
      );
    await removeStale(options.path);
    const server = new ActivityServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (cause) =>
        reject(
          new EbbtideError(
            'CONFIG_INVALID',
            `Cannot listen on the socket ${options.path}: ${cause.message}`,
            {},
            cause,
          ),
        ),
      );
      // The socket is bound within the call, so it never exists with wider permissions.
      const before = process.umask(0o777 & ~options.mode);
      server.#server.listen(options.path, resolve);
      process.umask(before);
    });
    chmodSync(options.path, options.mode);
    return server;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#connections.add(socket);
    let pending = '';
    let credentialId: string | undefined;
    let refusals = 0;
    let second = 0;
    let linesThisSecond = 0;
    const refuse = (reason: string) => {
      this.counts.refusedLines++;
      if (refusals++ === 0) this.#options.log.warn({ reason, credentialId }, 'line of a function was refused');
      if (refusals > mostRefusals) socket.destroy();
      else if (socket.writableLength < mostLineBytes) socket.write(`${JSON.stringify({ error: reason })}\n`);
    };
    const take = (text: string) => {
      const now = Math.floor(performance.now() / 1000);
      if (now !== second) linesThisSecond = 0;
      second = now;
      if (++linesThisSecond > mostLinesASecond) return refuse(`More than ${mostLinesASecond} lines in a second`);
      const line = parseActivity(text);
      if (typeof line === 'string') return refuse(line);
      const problem = this.#options.onActivity(line);
      if (problem !== undefined) return refuse(problem);
      this.counts.acceptedLines++;
      if (credentialId !== undefined && credentialId !== line.credentialId) this.#options.onGone(credentialId);
      credentialId = line.credentialId;
    };
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      const lines = (pending + chunk).split('\n');
      pending = lines.pop()!;
      for (const line of lines) if (line.trim() !== '' && !socket.destroyed) take(line);
      if (pending.length > mostLineBytes) {
        refuse(`A line is longer than ${mostLineBytes} bytes`);
        socket.destroy();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#connections.delete(socket);
      if (credentialId !== undefined) this.#options.onGone(credentialId);
    });
  }
}

/** Remove a socket on which nobody listens any more. */
const removeStale = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = connect(path);
    probe.on('connect', () => {
      probe.destroy();
      reject(
        new EbbtideError(
          'CONFIG_INVALID',
          `Another agent listens on ${path}; stop it, or give this one another agent.socketFile`,
          { path },
        ),
      );
    });
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') unlinkSync(path);
      resolve();
    });
  });
