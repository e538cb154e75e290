import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Call, GrpcConnection } from '../../../../infra/services/gateway/grpc/connection.ts';
import {
  errorCode,
  flag,
  frame,
  frameType,
  literalHeaders,
  numbers,
  preface,
  setting,
  settingsFrame,
} from '../../../../infra/services/gateway/grpc/frames.ts';

/** Bytes of the heap that are in use after what is not has been collected. */
const heldBytes = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

/** A server whose calls answer with what they got, unless told otherwise. */
const serve = async (t: TestContext, onCall: (call: Call) => void = (call) => call.reply(call.message)) => {
  const connections: GrpcConnection[] = [];
  const server = createServer((socket) => connections.push(new GrpcConnection(socket, onCall)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as { port: number }).port, connections };
};

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A peer that speaks frames. */
const peer = async (t: TestContext, port: number) => {
  const socket: Socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const frames: Frame[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let wake = () => {};
  let closed = false;
  socket.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      frames.push({ type: rest[3]!, flags: rest[4]!, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
    wake();
  });
  socket.once('close', () => {
    closed = true;
    wake();
  });
  socket.on('error', () => {});
  const until = async <T>(find: () => T | undefined | false): Promise<T> => {
    for (;;) {
      const found = find();
      if (found) return found;
      assert.ok(!closed, `closed; got ${JSON.stringify(frames.map(({ type, stream }) => [type, stream]))}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { socket, frames, until, write: (...parts: Uint8Array[]) => socket.write(Buffer.concat(parts)) };
};

const block = literalHeaders([
  [':method', 'POST'],
  [':path', '/a.B/C'],
]);
const message = (text: string): Buffer => {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0]), numbers(body.length), body]);
};
const headersOf = (stream: number, flags: number = flag.endHeaders) => frame(frameType.headers, flags, stream, block);
const dataOf = (stream: number, text: string) => frame(frameType.data, flag.endStream, stream, message(text));
const greeting = Buffer.concat([preface, settingsFrame([])]);
const isData = (stream: number) => (one: Frame) => one.type === frameType.data && one.stream === stream;

test('GrpcConnection answers a call in three frames, whatever way its frames were cut, padded or continued', async (t) => {
  const { port } = await serve(t);
  const { frames, until, socket } = await peer(t, port);
  const padded = Buffer.concat([
    Buffer.from([3]),
    numbers(0),
    Buffer.from([16]),
    block.subarray(0, 9),
    Buffer.alloc(3),
  ]);
  const bytes = Buffer.concat([
    greeting,
    headersOf(1),
    dataOf(1, 'one'),
    frame(frameType.headers, flag.padded | flag.priority, 3, padded),
    frame(frameType.continuation, 0, 3, block.subarray(9, 14)),
    frame(frameType.continuation, flag.endHeaders, 3, block.subarray(14)),
    frame(
      frameType.data,
      flag.padded,
      3,
      Buffer.concat([Buffer.from([2]), message('three').subarray(0, 7), Buffer.alloc(2)]),
    ),
    frame(frameType.data, flag.endStream, 3, message('three').subarray(7)),
    frame(frameType.priority, 0, 3, Buffer.alloc(5)),
    frame(0x2a, 0, 0, Buffer.from('of a type that nobody knows')),
    frame(frameType.ping, 0, 0, Buffer.from('12345678')),
  ]);
  for (const byte of bytes) socket.write(Buffer.from([byte]));
  for (const [stream, text] of [
    [1, 'one'],
    [3, 'three'],
  ] as const)
    assert.deepEqual((await until(() => frames.find(isData(stream)))).payload, message(text));
  const ofOne = frames.filter(({ stream }) => stream === 1);
  assert.deepEqual(
    ofOne.map(({ type, flags }) => [type, flags]),
    [
      [frameType.headers, flag.endHeaders],
      [frameType.data, 0],
      [frameType.headers, flag.endHeaders | flag.endStream],
    ],
  );
  const pong = await until(() => frames.find(({ type, flags }) => type === frameType.ping && flags === flag.ack));
  assert.equal(pong.payload.toString(), '12345678');
});

test('GrpcConnection keeps to the window of its peer, and goes on when it is widened', async (t) => {
  const { port } = await serve(t);
  const { frames, until, write } = await peer(t, port);
  const text = 'x'.repeat(10_000);
  const calls = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
  write(
    greeting,
    ...calls.flatMap((id) => [headersOf(id), dataOf(id, text)]),
    frame(frameType.ping, 0, 0, Buffer.alloc(8)),
  );
  await until(() => frames.find(({ type, flags }) => type === frameType.ping && flags === flag.ack));
  const sent = () =>
    frames.filter(({ type }) => type === frameType.data).reduce((sum, { payload }) => sum + payload.length, 0);
  assert.equal(sent(), 6 * 10_005, 'as many answers as 65,535 bytes hold');
  write(frame(frameType.windowUpdate, 0, 0, numbers(20_010)), frame(frameType.ping, 0, 0, Buffer.alloc(8)));
  await until(() => sent() === 8 * 10_005);
  write(frame(frameType.windowUpdate, 0, 0, numbers(1_000_000)));
  await until(() => sent() === 20 * 10_005);
});

test('GrpcConnection gives back the window of what it has read, so that a peer never stalls', async (t) => {
  const { port } = await serve(t, (call) => call.reply(new Uint8Array()));
  const { frames, until, write } = await peer(t, port);
  write(greeting);
  const body = 'x'.repeat(15_000);
  for (let i = 0; i < 400; i++) write(headersOf(2 * i + 1), dataOf(2 * i + 1, body));
  await until(() => frames.filter(({ type }) => type === frameType.data).length === 400);
  const given = frames.filter(({ type, stream }) => type === frameType.windowUpdate && stream === 0);
  const bytes = given.slice(1).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
  assert.ok(bytes > 400 * 15_000 - 2_200_000, `${bytes} of ${400 * 15_005} given back`);
});

test('GrpcConnection says goodbye with a code to a peer that breaks the protocol', async (t) => {
  const { port } = await serve(t);
  const cases: [string, Buffer, number][] = [
    ['no preface', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'), errorCode.protocol],
    [
      'a frame too large',
      Buffer.concat([greeting, frame(frameType.data, 0, 1, Buffer.alloc(16_385))]),
      errorCode.frameSize,
    ],
    [
      'settings of odd length',
      Buffer.concat([preface, frame(frameType.settings, 0, 0, Buffer.alloc(5))]),
      errorCode.frameSize,
    ],
    [
      'streams of tiny windows',
      Buffer.concat([preface, settingsFrame([[setting.initialWindowSize, 100]])]),
      errorCode.flowControl,
    ],
    ['a stream again', Buffer.concat([greeting, headersOf(3), dataOf(3, ''), headersOf(1)]), errorCode.protocol],
    ['a stream of ours', Buffer.concat([greeting, headersOf(2)]), errorCode.protocol],
    ['a block cut off', Buffer.concat([greeting, headersOf(1, 0), dataOf(1, '')]), errorCode.protocol],
    [
      'a block without a beginning',
      Buffer.concat([greeting, frame(frameType.continuation, 0, 1, block)]),
      errorCode.protocol,
    ],
    [
      'padding beyond the frame',
      Buffer.concat([greeting, frame(frameType.headers, flag.endHeaders | flag.padded, 1, Buffer.from([9, 0]))]),
      errorCode.protocol,
    ],
    [
      'a block without end',
      Buffer.concat([
        greeting,
        headersOf(1, 0),
        ...Array.from({ length: 3 }, () => frame(frameType.continuation, 0, 1, Buffer.alloc(16_000))),
      ]),
      errorCode.calm,
    ],
    [
      'a block of empty frames without end',
      Buffer.concat([
        greeting,
        headersOf(1, 0),
        ...Array.from({ length: 100 }, () => frame(frameType.continuation, 0, 1)),
      ]),
      errorCode.calm,
    ],
    [
      'an index beyond the table',
      Buffer.concat([greeting, frame(frameType.headers, flag.endHeaders, 1, Buffer.from([0xfe]))]),
      errorCode.compression,
    ],
    [
      'too many fields',
      Buffer.concat([greeting, frame(frameType.headers, flag.endHeaders, 1, Buffer.alloc(300, 0x82))]),
      errorCode.calm,
    ],
    [
      'a window beyond 2^31',
      Buffer.concat([greeting, frame(frameType.windowUpdate, 0, 0, numbers(0x7fffffff))]),
      errorCode.flowControl,
    ],
    ['data of no stream', Buffer.concat([greeting, frame(frameType.data, 0, 0, Buffer.alloc(1))]), errorCode.protocol],
  ];
  for (const [name, bytes, code] of cases) {
    const { frames, until, write, socket } = await peer(t, port);
    write(bytes);
    const goodbye = await until(() => frames.find(({ type }) => type === frameType.goAway)).catch((error: Error) =>
      assert.fail(`${name}: ${error.message}`),
    );
    assert.equal(goodbye.payload.readUInt32BE(4), code, name);
    socket.destroy();
  }
});

test('GrpcConnection keeps nothing of empty frames of data', async (t) => {
  const { port } = await serve(t);
  const { frames, until, write } = await peer(t, port);
  const pongs = () => frames.filter(({ type, flags }) => type === frameType.ping && flags === flag.ack).length;
  const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
  write(greeting, headersOf(1), ping);
  await until(() => pongs() === 1);
  const before = heldBytes();
  write(Buffer.alloc(9 * 300_000, frame(frameType.data, 0, 1)), ping);
  await until(() => pongs() === 2);
  const grown = heldBytes() - before;
  assert.ok(grown < 10_000_000, `${grown} bytes are held for 300,000 empty frames`);
  write(dataOf(1, 'after all'), ping);
  assert.deepEqual((await until(() => frames.find(isData(1)))).payload, message('after all'));
});

test('GrpcConnection hangs up on a peer that asks on and takes no answers', async (t) => {
  const { port } = await serve(t);
  const { socket, write } = await peer(t, port);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  write(greeting);
  // The first window takes some four thousand, and as many may wait
  for (let i = 0; i < 12_000; i++) write(headersOf(2 * i + 1), dataOf(2 * i + 1, 'x'.repeat(10)));
  await closed;
});

test('GrpcConnection survives any bytes', async (t) => {
  const { port, connections } = await serve(t);
  let seed = 12_345;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return seed / 2 ** 32;
  };
  for (let round = 0; round < 200; round++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    const rubbish = Array.from({ length: 5 }, () =>
      frame(
        Math.floor(random() * 11),
        Math.floor(random() * 256),
        Math.floor(random() * 5),
        Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256))),
      ),
    );
    socket.end(Buffer.concat([greeting, ...rubbish]));
    socket.resume();
    await once(socket, 'close');
  }
  assert.equal(connections.length, 200);
  const { frames, until, write } = await peer(t, port);
  write(greeting, headersOf(1), dataOf(1, 'still here'));
  await until(() => frames.find(isData(1)));
});

test("GrpcConnection serves Node's own client, many calls at a time, and leaves when it is told to", async (t) => {
  const held: Call[] = [];
  const { port, connections } = await serve(t, (call) =>
    call.path === '/hold' ? held.push(call) : call.reply(call.message),
  );
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(() => client.destroy());
  const ask = (path: string, text: string, more: object = {}) =>
    new Promise<{ text: string; status: unknown }>((resolve, reject) => {
      const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...more });
      const chunks: Buffer[] = [];
      let status: unknown;
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('response', (headers) => {
        status ??= headers['grpc-status'];
      });
      stream.on('end', () => resolve({ text: Buffer.concat(chunks).subarray(5).toString(), status }));
      stream.on('error', reject);
      stream.end(message(text));
    });
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, i) => ask('/a.B/C', `call ${i}`, { 'x-trace': `${i}`.repeat(20) })),
  );
  for (const [i, { text, status }] of answers.entries()) assert.deepEqual([text, status], [`call ${i}`, '0']);

  const last = ask('/hold', 'slow');
  while (held.length === 0) await ask('/a.B/C', 'meanwhile');
  const closed = once(client, 'close');
  connections[0]!.leave();
  held[0]!.reply(Buffer.from('in the end'));
  assert.deepEqual(await last, { text: 'in the end', status: '0' });
  await closed;
});
