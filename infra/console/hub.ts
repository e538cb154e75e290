import type { ServerResponse } from 'node:http';
import { Problem } from '../http/problem.ts';
import type { Change } from './view/protocol.ts';

const heartbeatMs = 10_000;

interface Client {
  readonly response: ServerResponse;
  /** Whether it fell behind, and gets a snapshot as soon as its connection drains. */
  behind: boolean;
}

/** What the hub needs. */
export interface HubOptions {
  readonly flushMs: number;
  readonly clients: number;
  readonly clientQueueBytes: number;
  /** Number of the last change, and everything up to it as JSON. */
  snapshot(): { readonly id: number; readonly json: string };
}

/**
 * Sends changes to connected pages as server-sent events: `snapshot` first, then `changes` in batches.
 *
 * What waits for a slow page is bounded: beyond it, changes are dropped and a fresh snapshot follows once it has caught up.
 */
export class Hub {
  readonly #options: HubOptions;
  readonly #clients = new Set<Client>();
  readonly #flush: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;
  #pending: Change[] = [];
  #lastId = 0;
  /** Times a page fell behind. */
  resnapshots = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#flush = setInterval(() => this.flush(), options.flushMs).unref();
    this.#heartbeat = setInterval(() => this.#send(`event: beat\ndata: ${Date.now()}\n\n`), heartbeatMs).unref();
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Queue one change, the `id`-th of the view. */
  push(id: number, change: Change): void {
    this.#lastId = id;
    if (this.#clients.size > 0) this.#pending.push(change);
  }

  /** @throws {Problem} 503 when as many pages are connected as may be */
  join(response: ServerResponse): void {
    if (this.#clients.size >= this.#options.clients)
      throw new Problem(
        503,
        'pages-full',
        `${this.#clients.size} pages are connected already, as many as console.clients allows`,
        {
          clients: this.#clients.size,
        },
      );
    this.flush();
    const client: Client = { response, behind: false };
    this.#clients.add(client);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    response.write('retry: 1000\n\n');
    this.#begin(client);
    response.on('drain', () => {
      if (!client.behind) return;
      // What is queued is in the snapshot already: send it to the others first
      this.flush();
      this.#begin(client);
    });
    response.on('close', () => this.#clients.delete(client));
    response.on('error', () => this.#clients.delete(client));
  }

  /** Send what is queued now. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const text = `event: changes\nid: ${this.#lastId}\ndata: ${JSON.stringify(this.#pending)}\n\n`;
    this.#pending = [];
    this.#send(text);
  }

  close(): void {
    clearInterval(this.#flush);
    clearInterval(this.#heartbeat);
    for (const { response } of this.#clients) response.end();
    this.#clients.clear();
  }

  #begin(client: Client): void {
    client.behind = false;
    const { id, json } = this.#options.snapshot();
    client.response.write(`event: snapshot\nid: ${id}\ndata: ${json}\n\n`);
  }

  #send(text: string): void {
    for (const client of this.#clients) {
      if (client.behind) continue;
      if (
        client.response.writableLength + text.length > this.#options.clientQueueBytes &&
        client.response.writableNeedDrain
      ) {
        client.behind = true;
        this.resnapshots += 1;
      } else client.response.write(text);
    }
  }
}
