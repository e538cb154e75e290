import { join } from 'node:path';
import { from, lastValueFrom, Subject, takeUntil } from 'rxjs';
import { Controls } from '../../../operators/actuate/controls.ts';
import { signals } from '../../../pipelines/signals.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import type {
  Alert,
  Control,
  Credential,
  Decision,
  ScopeOverride,
  Signal,
  Translation,
} from '../../../schemas/generated/index.ts';
import type { SecurityEvent } from '../../../schemas/securityEvents.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext, Running } from '../../context.ts';
import { openOutbound } from '../../http/outbound.ts';
import { follow } from '../../kafka/follow.ts';
import { sendPatiently } from '../../kafka/sendPatiently.ts';
import { dataFolder } from '../../paths.ts';
import { Register } from '../../vault/register.ts';
import { readSecret } from '../../vault/session.ts';
import { SignalAlerts } from './alerts.ts';
import { BearerTokens } from './bearer.ts';
import type { Peer, ReceiverAccount, SignalsConfig } from './config.ts';
import { signalsMetrics } from './metrics.ts';
import { Frontends } from './receiver/frontends.ts';
import { peerKeys } from './receiver/peerKeys.ts';
import { pollPeer } from './receiver/poller.ts';
import { type OnTaken, SignalReceiver } from './receiver/receiver.ts';
import { remoteKeys } from './remoteKeys.ts';
import { EventReader } from './sending.ts';
import { createSignalsServer } from './server.ts';
import { openSigningKey } from './signingKey.ts';
import { Access } from './transmitter/access.ts';
import { pushStream } from './transmitter/pusher.ts';
import type { Stream } from './transmitter/stream.ts';
import { Streams } from './transmitter/streams.ts';
import { type QueuedToken, Transmitter } from './transmitter/transmitter.ts';

/**
 * Start to share signals (OpenID SSF 1.0 and CAEP 1.0): events of ours to others, and those of others as decisions. One
 * process of it for each folder.
 *
 * @param now - epoch milliseconds; the wall clock when absent
 * @throws {EbbtideError} `CONFIG_INVALID` for a token or key that cannot be used, or when Kafka is away
 */
export const startSignals = async (context: AppContext, config: SignalsConfig, now = Date.now): Promise<Running> => {
  const { kafka, registry, log } = context;
  const folder = config.folder ?? dataFolder('signals');
  const stopping = new AbortController();
  const { signal } = stopping;
  const outbound = openOutbound();
  const metrics = signalsMetrics(context.metrics);
  for (const { name } of config.transmitter.receivers) metrics.givenUp(name, 0);
  const key = await openSigningKey(join(folder, 'signing-keys.json'));
  const streams = await Streams.open(join(folder, 'streams'), config.transmitter.maxUndelivered);
  const accounts = new Map(config.transmitter.receivers.map((account) => [account.name, account]));
  const receiverTokens = new BearerTokens<ReceiverAccount>();
  for (const account of accounts.values())
    if (account.tokenFile !== undefined) await receiverTokens.add(account.tokenFile, account);
  const access = new Access({
    tokens: receiverTokens,
    accounts,
    servers: config.transmitter.authorizationServers.map((server) => ({
      server,
      keys: remoteKeys(server.jwksUri, server, outbound),
    })),
  });
  const peerTokens = new BearerTokens<Peer>();
  for (const peer of config.receiver.transmitters)
    if (peer.pushTokenFile !== undefined) await peerTokens.add(peer.pushTokenFile, peer);

  const codecs = {
    credentials: await TopicCodec.open<Credential>(topics.credentials, registry),
    control: await TopicCodec.open<Control>(topics.control, registry),
    signals: await TopicCodec.open<Signal>(topics.signals, registry),
    decisions: await TopicCodec.open<Decision>(topics.decisions, registry),
    alerts: await TopicCodec.open<Alert>(topics.alerts, registry),
    translations: await TopicCodec.open<Translation>(topics.translations, registry),
    overrides: await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry),
  };
  const producer = await kafka.producer({ lingerMs: 0 });
  const register = new Register();
  const controls = new Controls();
  const frontends = new Frontends();
  const keys = new Map(config.receiver.transmitters.map((peer) => [peer, peerKeys(peer, outbound)]));
  const signalMessage = (one: Signal) => ({
    topic: topics.signals.name,
    key: one.subject,
    value: codecs.signals.encode(one),
  });
  const receiver = new SignalReceiver({
    config: config.receiver,
    register,
    frontends: () => frontends.all(),
    controls,
    keysOf: (peer) => keys.get(peer)!,
    record: (one, decisions, overrides) =>
      producer.send([
        ...overrides.map((override) => ({
          topic: topics.scopeOverrides.name,
          key: override.frontendCredential,
          value: codecs.overrides.encode(override),
        })),
        ...decisions.map((decision) => ({
          topic: topics.decisions.name,
          key: decision.subject,
          value: codecs.decisions.encode(decision),
        })),
        signalMessage(one),
      ]),
    now,
  });
  const reader = await EventReader.open(context, register, config.transmitter);
  const followers = [
    await follow(kafka, codecs.credentials, (record, message) => register.apply(String(message.key), record), log),
    await follow(
      kafka,
      codecs.control,
      (record, message) => (record ? controls.apply(record) : controls.remove(String(message.key))),
      log,
    ),
  ];
  if (config.receiver.transmitters.length > 0)
    followers.push(
      await follow(
        kafka,
        codecs.translations,
        (record, message) => (record ? frontends.set(record) : frontends.remove(String(message.key))),
        log,
      ),
    );
  const past = await follow(
    kafka,
    codecs.signals,
    (one) => {
      if (!one) return;
      receiver.recall(one);
      reader.recall(one);
    },
    log,
  );
  await Promise.all([past, ...followers].map(({ caughtUp }) => caughtUp));
  await past.close();

  let issuer = config.issuer?.replace(/\/$/, '') ?? '';
  const transmitter = new Transmitter({
    // Known once the port is
    get issuer() {
      return issuer;
    },
    ...{ key, streams, accounts, config: config.transmitter, now },
  });
  const pushing = new Map<string, Promise<void>>();
  function onStream({ stream_id: id }: Stream): void {
    const parts = { streams, accounts, config: config.transmitter, outbound, log, signal };
    const work = pushStream(id, { ...parts, onPush: (outcome) => metrics.delivered('push', outcome) });
    pushing.set(id, work);
    work.catch(fail).finally(() => pushing.delete(id));
  }
  async function onQueued({ stream, givenUp }: QueuedToken): Promise<void> {
    metrics.queued(stream.receiver);
    if (givenUp > 0) await overflow(stream, givenUp);
  }
  const alerts = new SignalAlerts((message) => sendPatiently(producer, [message], signal, log), codecs.alerts, now);
  const overflow = async (stream: Stream, count: number) => {
    metrics.givenUp(stream.receiver, count);
    await alerts.overflow(stream, config.transmitter.maxUndelivered);
  };
  const onTaken: OnTaken = (outcome, peer) => {
    metrics.taken(outcome);
    if (peer) alerts.taken(outcome, peer).catch(fail);
  };
  const send = async (event: SecurityEvent): Promise<void> => {
    const queued = await transmitter.send(event);
    for (const token of queued) await onQueued(token);
    const at = now();
    const record = [
      signalMessage({
        signalId: `sent/${event.txn}/${event.type.split('/').at(-1)}`,
        subject: event.subject,
        direction: 'sent',
        issuer: transmitter.parts.issuer,
        jti: queued.map(({ claims }) => claims.jti).join(' '),
        event: event.type,
        claims: JSON.stringify(event.claims),
        digest: '',
        issuedAt: at,
        outcome: queued.length > 0 ? 'queued' : 'noted',
        credentials: [event.subject],
        at,
      }),
    ];
    await sendPatiently(producer, record, signal, log);
  };

  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = (error) => signal.aborted || reject(error);
  });
  failed.catch(() => {});
  for (const follower of followers) follower.failed.catch(fail);
  const app = await createSignalsServer({
    transmitter: { transmitter, access, onStream, onQueued },
    receiver: { receiver, tokens: peerTokens, maxBytes: config.receiver.maxBytes, onTaken },
    ...{ jwks: key.jwks, metrics, log, signal },
  });
  const address = await app.listen({ host: config.host, port: config.port });
  if (issuer === '') issuer = address;
  for (const stream of streams.all()) onStream(stream);
  const polling = await Promise.all(
    config.receiver.transmitters.flatMap(async (peer) => {
      if (peer.pollTokenFile === undefined) return;
      const token = await readSecret(peer.pollTokenFile);
      const parts = { receiver, config: config.receiver, token, outbound, log, signal };
      return { done: pollPeer(peer, { ...parts, onTaken }).catch(fail) };
    }),
  );

  for (const { name } of [topics.decisions, topics.effects]) await kafka.partitionsOf(name);
  const consumer = await kafka.consumer({
    groupId: config.groupId,
    topics: [topics.decisions.name, topics.effects.name],
    batchSize: 500,
  });
  const closing = new Subject<void>();
  const chain = signals({ batches: from(consumer.batches()), read: (messages) => reader.read(messages), send });
  const drained = lastValueFrom(chain.pipe(takeUntil(closing)), { defaultValue: undefined });
  drained.catch(fail);
  log.info({ address, issuer: transmitter.parts.issuer, streams: streams.all().length }, 'signals started');

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    closing.next();
    await app.close();
    await Promise.allSettled([drained, ...pushing.values(), ...polling.map((one) => one?.done)]);
    await Promise.allSettled([
      consumer.close(),
      producer.close(),
      outbound.close(),
      ...followers.map((one) => one.close()),
    ]);
  };
  return {
    name: 'signals',
    address,
    failed,
    async health() {
      const waiting = streams.all().reduce((sum, { stream_id }) => sum + streams.undelivered(stream_id), 0);
      return { ready: consumer.healthy(), detail: `${streams.all().length} streams, ${waiting} tokens undelivered` };
    },
    close: () => (closed ??= close()),
  };
};
