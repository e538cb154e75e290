import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { chaosProxy } from './chaos-proxy.ts';

const echoServer = async (t: TestContext): Promise<number> => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
};
const dial = async (t: TestContext, port: number): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
};
const echo = async (socket: Socket, text: string): Promise<string> => {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
};

test('chaosProxy passes bytes on, many and in order', async (t) => {
  const proxy = await chaosProxy(t, { port: await echoServer(t) });
  const socket = await dial(t, proxy.port);
  const sent = Buffer.alloc(5_000_000, 'tide');
  socket.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test('chaosProxy.cut closes what is open and refuses what comes, until restore', async (t) => {
  const proxy = await chaosProxy(t, { port: await echoServer(t) });
  const socket = await dial(t, proxy.port);
  assert.equal(await echo(socket, 'a'), 'a');
  proxy.cut();
  await once(socket, 'close');
  assert.equal(proxy.connections(), 0);
  const refused = connect(proxy.port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
  proxy.restore();
  assert.equal(await echo(await dial(t, proxy.port), 'b'), 'b');
});

test('chaosProxy.reset breaks what is open and lets new connections pass', async (t) => {
  const proxy = await chaosProxy(t, { port: await echoServer(t) });
  const socket = await dial(t, proxy.port);
  assert.equal(await echo(socket, 'a'), 'a');
  const failed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
  proxy.reset();
  assert.equal((await failed)[0].code, 'ECONNRESET');
  assert.equal(await echo(await dial(t, proxy.port), 'b'), 'b');
});

test('chaosProxy.blackHole swallows silently, and restore closes what lost bytes', async (t) => {
  const proxy = await chaosProxy(t, { port: await echoServer(t) });
  const socket = await dial(t, proxy.port);
  assert.equal(await echo(socket, 'a'), 'a');
  proxy.blackHole();
  const silent = await dial(t, proxy.port);
  silent.write('lost');
  const answer = once(silent, 'data').then(() => 'answer');
  const pause = new Promise((resolve) => setTimeout(() => resolve('silence'), 200));
  assert.equal(await Promise.race([answer.catch(() => 'closed'), pause]), 'silence');
  proxy.restore();
  await once(silent, 'close');
  assert.equal(await echo(socket, 'b'), 'b');
});

test('chaosProxy.delay keeps the order of what it holds back', async (t) => {
  const proxy = await chaosProxy(t, { port: await echoServer(t) });
  const socket = await dial(t, proxy.port);
  proxy.delay(100);
  socket.write('slow');
  await new Promise((resolve) => setTimeout(resolve, 20));
  proxy.delay(0);
  socket.end('fast');
  let received = '';
  for await (const chunk of socket) received += chunk;
  assert.equal(received, 'slowfast');
});
