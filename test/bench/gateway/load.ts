/**
 * The generator of load, in a process of its own. Open loop: a request is sent when it is due, whatever has been
 * answered, and its time counts from when it was due; so neither a slow answer nor a late generator hides anything.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type Connection, grpcConnection, httpConnection } from './connections.ts';
import { loadCheckMessagesForClients } from './messages.ts';
import { callers, path, secretOf, usualHeaders } from './stage.ts';

/** What the generator is told. */
export interface LoadOptions {
  readonly protocol: 'authorize' | 'envoy' | 'grpc';
  readonly port: number;
  readonly connections: number;
  /** Requests a second; 0 sends as fast as answers come, `depth` in flight on each connection. */
  readonly rate: number;
  readonly depth: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it found. */
export interface LoadResult {
  readonly requestsPerS: number;
  readonly answered: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How late the generator itself sent, 99th percentile. */
  readonly sentLateP99Ms: number;
}

const idle = new Int32Array(new SharedArrayBuffer(4));
const napMs = 0.02;

const bodyOf =
  (protocol: LoadOptions['protocol'], encode: (request: object) => Uint8Array) =>
  (i: number): Buffer => {
    const secret = secretOf(i);
    if (protocol === 'envoy') {
      const lines = Object.entries(usualHeaders).filter(([name]) => !name.startsWith(':'));
      const headers = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      return Buffer.from(
        `GET /envoy${path} HTTP/1.1\r\nhost: api.example.com\r\nx-api-key: ${secret}\r\n${headers}\r\n`,
      );
    }
    if (protocol === 'authorize') {
      const body = JSON.stringify({ method: 'GET', host: 'api.example.com', path, headers: { 'x-api-key': secret } });
      return Buffer.from(
        `POST /v1/authorize HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    }
    const http = {
      method: 'GET',
      host: 'api.example.com',
      path,
      scheme: 'https',
      protocol: 'HTTP/1.1',
      headers: { ...usualHeaders, 'x-api-key': secret },
    };
    const source = { address: { socketAddress: { address: '198.51.100.23', portValue: 40_000 } } };
    const message = encode({
      attributes: { source, destination: source, request: { time: { seconds: 1_700_000_000 }, http } },
    });
    const framed = Buffer.alloc(5 + message.length);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    return framed;
  };

const run = async (options: LoadOptions): Promise<LoadResult> => {
  const { protocol, port, connections: count, rate, depth, warmUpMs, measureMs } = options;
  const make = bodyOf(protocol, protocol === 'grpc' ? loadCheckMessagesForClients() : () => new Uint8Array());
  const bodies = Array.from({ length: callers }, (_, i) => make(i));
  const mostAnswers = Math.ceil((rate || 100_000) * (measureMs / 1000) * 1.1) + 1000;
  const times = new Float64Array(mostAnswers);
  const lates = new Float64Array(mostAnswers);
  let [answered, refused, sent, from, to] = [0, 0, 0, 0, Number.POSITIVE_INFINITY];
  let total = 0;
  const onAnswer = (due: number, allowed: boolean) => {
    total++;
    if (due < from || due >= to) return;
    if (!allowed) refused++;
    if (answered < mostAnswers) times[answered] = performance.now() - due;
    answered++;
  };
  const open = protocol === 'grpc' ? grpcConnection : httpConnection;
  const connections: Connection[] = [];
  for (let i = 0; i < count; i++) connections.push(await open(port, onAnswer));
  const began = performance.now();
  from = began + warmUpMs;
  to = from + measureMs;
  let n = 0;
  for (;;) {
    const now = performance.now();
    if (now >= to) break;
    if (rate > 0)
      for (let due = began + (n * 1000) / rate; due <= now; due = began + (n * 1000) / rate) {
        connections[n % count]!.send(bodies[(n * 7919) % callers]!, due);
        if (due >= from && sent < mostAnswers) lates[sent++] = performance.now() - due;
        n++;
      }
    else
      for (const connection of connections)
        while (connection.inFlight < depth) connection.send(bodies[(n++ * 7919) % callers]!, performance.now());
    await turn();
    // What shares the core with the generator comes to its turn, even where the generator goes before it
    if (rate > 0) Atomics.wait(idle, 0, 0, napMs);
  }
  const deadline = performance.now() + 5_000;
  while (total < n && performance.now() < deadline) await turn();
  for (const connection of connections) connection.close();
  const sorted = times.subarray(0, Math.min(answered, mostAnswers)).sort();
  const at = (of: Float64Array, share: number) =>
    of[Math.min(of.length - 1, Math.ceil(share * of.length) - 1)] ?? Number.NaN;
  return {
    requestsPerS: (answered * 1000) / measureMs,
    answered,
    refused,
    unanswered: n - total,
    p50Ms: at(sorted, 0.5),
    p90Ms: at(sorted, 0.9),
    p99Ms: at(sorted, 0.99),
    p999Ms: at(sorted, 0.999),
    maxMs: at(sorted, 1),
    sentLateP99Ms: at(lates.subarray(0, sent).sort(), 0.99),
  };
};

process.send?.(await run(JSON.parse(process.argv[2]!) as LoadOptions));
process.exit(0);
