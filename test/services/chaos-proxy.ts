import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** What the proxy does to connections. */
export interface ChaosProxy {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, for a target that speaks HTTP. */
  readonly url: string;
  /** Connections that are open at the moment. */
  connections(): number;
  /** Close all connections in order and refuse new ones, as if the server had stopped. */
  cut(): void;
  /** Hold back what flows in both directions by so many milliseconds. */
  delay(ms: number): void;
  /** Accept and read, but pass nothing on, as if a firewall swallowed it; held bytes are lost. */
  blackHole(): void;
  /** Pass nothing on over the connections that are open now, for as long as they are; new ones pass. */
  freeze(): void;
  /** Break all open connections with a TCP reset; new ones pass. */
  reset(): void;
  /** Pass everything on again at once. Connections that were black-holed are closed, as bytes are missing in them. */
  restore(): void;
}

type Mode = 'pass' | 'cut' | 'black-hole';

/** Beyond this the sender is slowed, as by a full receiver without a proxy. */
const maxHeldBytes = 1024 * 1024;

/**
 * A TCP proxy on the loopback interface before `target` that can cut, delay, swallow and reset.
 *
 * @param target - where a connection goes, asked anew for each
 * @example
 * const proxy = await chaosProxy(t, { port: Number(new URL(bao.address).port) });
 * proxy.delay(2_000);
 */
export const chaosProxy = async (
  t: TestContext,
  target: { readonly host?: string; readonly port: number },
): Promise<ChaosProxy> => {
  let mode: Mode = 'pass';
  let delayMs = 0;
  const pairs = new Set<readonly [Socket, Socket]>();
  const tainted = new Set<Socket>();
  const frozen = new WeakSet<Socket>();

  const pump = (from: Socket, to: Socket) => {
    // One chain a direction keeps the order when the delay changes
    let turn = Promise.resolve();
    let heldBytes = 0;
    const later = (action: () => void) => {
      const dueAt = performance.now() + delayMs;
      turn = turn.then(async () => {
        const restMs = dueAt - performance.now();
        if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
        if (frozen.has(from)) return;
        if (mode === 'black-hole') tainted.add(from).add(to);
        else if (!to.destroyed) action();
      });
    };
    const resume = () => {
      if (heldBytes < maxHeldBytes && !to.writableNeedDrain) from.resume();
    };
    from.on('data', (chunk) => {
      heldBytes += chunk.length;
      if (heldBytes >= maxHeldBytes) from.pause();
      later(() => {
        if (!to.write(chunk)) from.pause();
      });
      turn = turn.then(() => {
        heldBytes -= chunk.length;
        resume();
      });
    });
    to.on('drain', resume);
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => later(() => to.destroy()));
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (mode === 'cut') {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: target.host ?? '127.0.0.1', port: target.port, allowHalfOpen: true });
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.once('close', () => pairs.delete(pair));
    pump(client, upstream);
    pump(upstream, client);
  });
  const closeAll = (how: (socket: Socket) => void) => {
    for (const [client, upstream] of pairs) {
      how(client);
      upstream.destroy();
    }
    pairs.clear();
  };
  t.after(async () => {
    mode = 'cut';
    closeAll((socket) => socket.destroy());
    server.close();
    await once(server, 'close');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The proxy has no address');

  return {
    host: '127.0.0.1',
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    connections: () => pairs.size,
    cut: () => {
      mode = 'cut';
      closeAll((socket) => socket.destroy());
    },
    delay: (ms) => {
      delayMs = ms;
    },
    blackHole: () => {
      mode = 'black-hole';
    },
    freeze: () => {
      for (const pair of pairs) for (const socket of pair) frozen.add(socket);
    },
    reset: () => closeAll((socket) => socket.resetAndDestroy()),
    restore: () => {
      mode = 'pass';
      delayMs = 0;
      for (const socket of tainted) socket.destroy();
      tainted.clear();
    },
  };
};
