import assert from 'node:assert/strict';
import type { Change, Snapshot } from '../../../infra/console/view/protocol.ts';

/** A page without a browser: enters by the link, follows the events, presses buttons. */
export interface ConsoleClient {
  /** Its address. */
  readonly base: string;
  /** Name and value of the cookie that its session lies in. */
  readonly cookie: readonly [name: string, value: string];
  /** Everything that was said since the start, in order. */
  readonly changes: readonly Change[];
  /** Resolves with the first change, already seen or to come, that fits. */
  until<T extends Change>(what: string, fits: (change: Change) => change is T): Promise<T>;
  post(path: string, body: object): Promise<Response>;
  get(path: string): Promise<Response>;
  close(): void;
}

const patienceMs = 240_000;

/** What a snapshot holds, as the changes that led to it. */
const changesIn = ({ lanes }: Snapshot): Change[] =>
  lanes.flatMap(({ id, credential, moments, activeAt: at }) => [
    ...(credential ? [{ type: 'credential', id, at, credential } as const] : []),
    ...moments.flatMap(({ decision, effect }) => [
      ...(decision ? [{ type: 'decision', id, at, decision } as const] : []),
      ...(effect ? [{ type: 'effect', id, at, effect } as const] : []),
    ]),
  ]);

/** Open the console by its one-time link. */
export const openConsole = async (link: string): Promise<ConsoleClient> => {
  const base = new URL(link).origin;
  const entered = await fetch(link, { redirect: 'manual' });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0];
  assert.ok(cookie, `The link was answered by ${entered.status} and no cookie`);
  const abort = new AbortController();
  const changes: Change[] = [];
  const waiting = new Set<() => void>();
  const stream = await fetch(`${base}/api/events`, { headers: { cookie }, signal: abort.signal });
  assert.equal(stream.status, 200);
  const reading = (async () => {
    let text = '';
    for await (const piece of stream.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event === 'snapshot') changes.push(...changesIn(JSON.parse(data!)));
        if (event === 'changes') changes.push(...JSON.parse(data!));
      }
      for (const wake of waiting) wake();
    }
  })().catch(() => {});
  const [name] = cookie.split('=', 1) as [string];
  return {
    base,
    cookie: [name, cookie.slice(name.length + 1)],
    changes,
    until: async (what, fits) => {
      const deadline = Date.now() + patienceMs;
      for (;;) {
        const found = changes.find(fits);
        if (found) return found;
        assert.ok(Date.now() < deadline, `Waited ${patienceMs / 1000} s in vain for: ${what}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(wake, 5_000);
          function wake(): void {
            clearTimeout(timer);
            waiting.delete(wake);
            resolve();
          }
          waiting.add(wake);
        });
      }
    },
    post: (path, body) =>
      fetch(base + path, {
        method: 'POST',
        headers: { cookie, origin: base, 'content-type': 'application/json', 'x-ebbtide-console': '1' },
        body: JSON.stringify(body),
      }),
    get: (path) => fetch(base + path, { headers: { cookie } }),
    close: () => {
      abort.abort();
      void reading;
    },
  };
};
