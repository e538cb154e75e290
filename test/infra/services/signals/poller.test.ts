import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOutbound } from '../../../../infra/http/outbound.ts';
import { createLogger } from '../../../../infra/log.ts';
import { signalsConfig } from '../../../../infra/services/signals/config.ts';
import { pollPeer } from '../../../../infra/services/signals/receiver/poller.ts';
import type { SignalReceiver } from '../../../../infra/services/signals/receiver/receiver.ts';
import { SetError } from '../../../../infra/services/signals/receiver/setError.ts';
import { until } from '../../../services/context.ts';
import { recorder } from '../../../services/http.ts';
import { audience } from './rig.ts';

test('a polled token that fails must come again, and hold up no other', async (t) => {
  const waiting = new Map([
    ['a-fails', 'fails'],
    ['b-good', 'good'],
    ['c-refused', 'refused'],
    ['d-good', 'good'],
  ]);
  const asked: { ack?: string[]; setErrs?: Record<string, unknown> }[] = [];
  const server = await recorder(t, ({ body }) => {
    const said = JSON.parse(body) as (typeof asked)[number];
    asked.push(said);
    for (const jti of [...(said.ack ?? []), ...Object.keys(said.setErrs ?? {})]) waiting.delete(jti);
    return { status: 200, body: JSON.stringify({ sets: Object.fromEntries(waiting) }) };
  });
  const { receiver: config } = signalsConfig.parse({
    receiver: {
      audience: [audience],
      transmitters: [
        {
          ...{ name: 'idp', issuer: 'https://idp.example.com', pollUrl: `${server.url}/poll`, pollTokenFile: '-' },
          ...{ pollMs: 100, allowHttp: true, allowPrivateAddress: true },
        },
      ],
    },
  });
  let broken = true;
  const taken: string[] = [];
  const receiver = {
    async take(set: string) {
      if (set === 'refused') throw new SetError('invalid_key', 'not ours');
      if (set === 'fails' && broken) throw new TypeError('cannot be decided about');
      taken.push(set);
      return 'noted';
    },
  } as unknown as SignalReceiver;
  const stopping = new AbortController();
  const outbound = openOutbound();
  const done = pollPeer(config.transmitters[0]!, {
    ...{
      receiver,
      config,
      token: 'token',
      outbound,
      log: createLogger('test'),
      signal: stopping.signal,
      onTaken: () => {},
    },
  });
  t.after(async () => {
    stopping.abort();
    await done;
    await outbound.close();
  });
  await until('a second poll', () => asked.length > 1);
  assert.deepEqual(asked[1]!.ack, ['b-good', 'd-good']);
  assert.deepEqual(Object.keys(asked[1]!.setErrs!), ['c-refused']);
  broken = false;
  await until('the token that failed', () => waiting.size === 0);
  assert.deepEqual(taken, ['good', 'good', 'fails']);
});
