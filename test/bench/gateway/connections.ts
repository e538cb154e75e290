import { connect, type Socket } from 'node:net';

/** A connection on which requests are in flight, each answered in its turn or by its number. */
export interface Connection {
  /** Send a request; `due` comes back with the answer's arrival. */
  send(body: Buffer, due: number): void;
  readonly inFlight: number;
  close(): void;
}

/** Called for each answer with the time at which its request was due, and whether it let the request through. */
export type OnAnswer = (due: number, allowed: boolean) => void;

const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });

/** HTTP/1.1 with pipelining. Answers must bring Content-Length. */
export const httpConnection = async (port: number, onAnswer: OnAnswer): Promise<Connection> => {
  const socket = await dial(port);
  const dues: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    for (;;) {
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = rest.toString('latin1', 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < end + 4 + length) return;
      onAnswer(dues.shift()!, head.startsWith('HTTP/1.1 200'));
      rest = rest.subarray(end + 4 + length);
    }
  });
  return {
    send(body, due) {
      dues.push(due);
      socket.write(body);
    },
    get inFlight() {
      return dues.length;
    },
    close: () => void socket.destroy(),
  };
};

const frame = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};
/** A header as HPACK writes it without tables or Huffman's code. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
const [data, headers, settings, ping, goAway, windowUpdate] = [0, 1, 4, 6, 7, 8];
const endStream = 1;
const ack = 1;
const endHeaders = 4;
const refill = 1 << 20;

/**
 * gRPC over HTTP/2, unary calls of `Authorization/Check` alone: frames that are made beforehand, so that the generator
 * takes little of the machine that it shares with what it measures.
 */
export const grpcConnection = async (port: number, onAnswer: OnAnswer): Promise<Connection> => {
  const socket = await dial(port);
  const block = Buffer.concat([
    literal(':method', 'POST'),
    literal(':scheme', 'http'),
    literal(':path', '/envoy.service.auth.v3.Authorization/Check'),
    literal(':authority', 'ebbtide'),
    literal('content-type', 'application/grpc'),
    literal('te', 'trailers'),
  ]);
  const window = Buffer.alloc(4);
  window.writeUInt32BE(0x3fffffff);
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      frame(settings, 0, 0),
      frame(windowUpdate, 0, 0, window),
    ]),
  );
  const open = new Map<number, { due: number; allowed: boolean }>();
  let next = 1;
  let taken = 0;
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) break;
      const [type, flags, stream] = [rest[3]!, rest[4]!, rest.readUInt32BE(5)];
      const payload = rest.subarray(9, 9 + length);
      if (type === settings && !(flags & ack)) socket.write(frame(settings, ack, 0));
      else if (type === ping && !(flags & ack)) socket.write(frame(ping, ack, 0, Buffer.from(payload)));
      else if (type === goAway) throw new Error('The gateway closed the connection');
      else if (type === data || type === headers) {
        const call = open.get(stream);
        // A CheckResponse begins with its status; that of code 0 is empty
        if (call && type === data && length > 7) call.allowed = payload[6] === 0;
        if (type === data) taken += length;
        if (call && flags & endStream) {
          open.delete(stream);
          onAnswer(call.due, call.allowed);
        }
      }
      rest = rest.subarray(9 + length);
    }
    if (taken > refill) {
      const more = Buffer.alloc(4);
      more.writeUInt32BE(taken);
      taken = 0;
      socket.write(frame(windowUpdate, 0, 0, more));
    }
  });
  return {
    send(body, due) {
      const stream = next;
      next += 2;
      open.set(stream, { due, allowed: false });
      socket.write(Buffer.concat([frame(headers, endHeaders, stream, block), frame(data, endStream, stream, body)]));
    },
    get inFlight() {
      return open.size;
    },
    close: () => void socket.destroy(),
  };
};
