import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type { Change, Snapshot } from '../../../infra/console/view/protocol.ts';
import { type Harness, startHarness } from './harness.ts';
import { credentialOf, scoreOf } from './records.ts';

interface SentEvent {
  readonly event: string;
  readonly data: string;
}

/** A page's connection to the events. */
const listen = (
  address: string,
  cookie: string,
): Promise<{ response: IncomingMessage; next(event: string): Promise<SentEvent> }> =>
  new Promise((resolve, reject) => {
    get(`${address}/api/events`, { headers: { cookie } }, (response) => {
      const seen: SentEvent[] = [];
      let text = '';
      let wake = () => {};
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const parts = text.split('\n\n');
        text = parts.pop()!;
        for (const lines of parts) {
          const field = (name: string) =>
            lines
              .split('\n')
              .find((line) => line.startsWith(`${name}: `))
              ?.slice(name.length + 2) ?? '';
          seen.push({ event: field('event'), data: field('data') });
        }
        wake();
      });
      const next = async (event: string): Promise<SentEvent> => {
        for (;;) {
          const found = seen.findIndex((one) => one.event === event);
          if (found >= 0) return seen.splice(0, found + 1).at(-1)!;
          await new Promise<void>((resume) => {
            wake = resume;
          });
        }
      };
      resolve({ response, next });
    }).on('error', reject);
  });

describe('GET /api/events', { timeout: 60_000 }, () => {
  let harness: Harness;
  let cookie: string;
  before(async () => {
    harness = await startHarness({ clients: 2, clientQueueBytes: 65_536, flushMs: 10 });
    cookie = await harness.enter();
  });
  after(() => harness.close());

  it('begins with a snapshot and goes on with changes, none missing and none twice', async () => {
    const now = Date.now();
    harness.feed.credential(credentialOf('a', now), now);
    const { response, next } = await listen(harness.console.address, cookie);
    assert.match(response.headers['content-type']!, /text\/event-stream/);
    const snapshot = JSON.parse((await next('snapshot')).data) as Snapshot;
    for (let index = 1; index <= 50; index += 1) harness.feed.score(scoreOf('a', now + index * 500, index / 100), now);
    const ends = new Set(snapshot.lanes.flatMap(({ scores }) => scores));
    const scores: number[] = [];
    while (scores.length < 50) {
      const changes = JSON.parse((await next('changes')).data) as Change[];
      for (const change of changes) if (change.type === 'score') scores.push(change.score.score);
    }
    assert.equal(ends.size, 0);
    assert.deepEqual(
      scores,
      Array.from({ length: 50 }, (_, index) => (index + 1) / 100),
    );
    response.destroy();
  });

  it('sends a page that does not read a fresh snapshot later, instead of queueing without bound', async () => {
    const now = Date.now();
    harness.feed.credential(credentialOf('slow', now), now);
    const { response, next } = await listen(harness.console.address, cookie);
    await next('snapshot');
    response.pause();
    const metric = async () =>
      Number((await (await fetch(`${harness.console.address}/metrics`)).text()).match(/resnapshots_total (\d+)/)![1]);
    const before = process.memoryUsage.rss();
    let sent = 0;
    // The socket's own buffers fill first
    while ((await metric()) === 0) {
      for (let index = 0; index < 2_000; index += 1) harness.feed.score(scoreOf('slow', now + ++sent, 0.5), now);
      assert.ok(sent < 400_000, 'still queueing');
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    harness.feed.score(scoreOf('slow', now + 1_000_000, 0.77), now);
    response.resume();
    let last = 0;
    while (last !== 0.77) {
      const { lanes } = JSON.parse((await next('snapshot')).data) as Snapshot;
      last = lanes.find(({ id }) => id === 'slow')!.lastScore!.score;
    }
    assert.ok(process.memoryUsage.rss() - before < 400e6);
    response.destroy();
  });

  it('turns away more pages than may be connected, and takes the next once one has left', async () => {
    const ends = (response: IncomingMessage) => new Promise((resolve) => response.on('close', resolve));
    const [first, second] = await Promise.all([
      listen(harness.console.address, cookie),
      listen(harness.console.address, cookie),
    ]);
    await Promise.all([first.next('snapshot'), second.next('snapshot')]);
    const third = await listen(harness.console.address, cookie);
    assert.equal(third.response.statusCode, 503);
    const left = ends(first.response);
    first.response.destroy();
    await left;
    for (;;) {
      const again = await listen(harness.console.address, cookie);
      again.response.destroy();
      if (again.response.statusCode === 200) break;
    }
    second.response.destroy();
  });
});
