import { join } from 'node:path';
import { Counter, Gauge } from 'prom-client';
import { lastValueFrom, Subject, takeUntil } from 'rxjs';
import { threat } from '../../pipelines/threat.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { Alert, ThreatIndicators } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { resolutionOf } from '../alerts/body.ts';
import type { AppContext, Running } from '../context.ts';
import { openOutbound } from '../http/outbound.ts';
import { follow } from '../kafka/follow.ts';
import { sendPatiently } from '../kafka/sendPatiently.ts';
import type { OutgoingMessage } from '../kafka/types.ts';
import { dataFolder } from '../paths.ts';
import type { ThreatConfig } from './config.ts';
import { type FeedHead, FeedSource, type PollOutcome } from './feedSource.ts';
import { KeptFeed } from './keptFeed.ts';
import { FeedPublisher } from './publishFeed.ts';

/**
 * Start to poll the feeds of threat intelligence. One process of it is enough; it puts whole versions of feeds in force
 * on topic `threat-indicators`, and alerts where a feed fails.
 *
 * @param now - epoch milliseconds; the wall clock when absent
 * @throws {EbbtideError} when Kafka is away
 */
export const startThreat = async (context: AppContext, config: ThreatConfig, now = Date.now): Promise<Running> => {
  const { kafka, registry, log } = context;
  const stopping = new AbortController();
  const outbound = openOutbound();
  const codec = await TopicCodec.open<ThreatIndicators>(topics.threatIndicators, registry);
  const alerts = await TopicCodec.open<Alert>(topics.alerts, registry);
  const producer = await kafka.producer();
  const send = (messages: readonly OutgoingMessage[]) => sendPatiently(producer, messages, stopping.signal, log);
  const publisher = new FeedPublisher(send, codec, now);
  const heads = new Map<string, FeedHead>();
  const folder = config.folder ?? dataFolder('threat');
  const metrics = threatMetrics(context);
  // From zero, so that the first one is an increase
  for (const { name: feed } of config.feeds)
    for (const outcome of ['unchanged', 'version', 'failed']) metrics.polls.inc({ feed, outcome }, 0);
  /** Feeds that fail, with the alert that said so; undefined in place of nothing wrong. */
  const failing = new Map<string, string>();
  const alerted = new Map<string, Alert>();

  const past = await follow(
    kafka,
    codec,
    (record, message) => {
      const key = String(message.key);
      publisher.recall(key, record);
      if (record?.part === -1) heads.set(record.feed, record);
      else if (!record) heads.delete(key);
      return new Promise<void>((resolve) => setImmediate(resolve));
    },
    log,
  );
  await past.caughtUp;
  await past.close();
  await publisher.forgetAllBut(config.feeds.map(({ name }) => name));

  const parts = { outbound, config, now, signal: stopping.signal };
  const feeds = await Promise.all(
    config.feeds.map((feed) => {
      const kept = new KeptFeed(join(folder), feed.name);
      return FeedSource.open(feed, { ...parts, kept }, heads.get(feed.name));
    }),
  );

  const settle = async (outcome: PollOutcome): Promise<void> => {
    const { feed, kind } = outcome;
    metrics.polls.inc({ feed, outcome: kind });
    if (kind === 'failed') {
      const alert = alertOf(outcome, now());
      failing.set(feed, alert.summary);
      log.warn({ feed, code: outcome.error.code, message: outcome.error.message }, 'feed not taken in');
      if (alerted.has(alert.alertId)) return;
      alerted.set(alert.alertId, alert);
      await send([{ topic: topics.alerts.name, key: alert.subject, value: alerts.encode(alert) }]);
      return;
    }
    if (failing.delete(feed)) {
      const ended = [...alerted.values()].filter(({ subject }) => subject === feed);
      for (const { alertId } of ended) alerted.delete(alertId);
      const resolutions = ended.map((alert) => resolutionOf(alert, `Feed ${feed} answers well again`, now()));
      await send(resolutions.map((one) => ({ topic: topics.alerts.name, key: feed, value: alerts.encode(one) })));
    }
    metrics.confirmed.set({ feed }, now() / 1000);
    if (kind === 'unchanged') return;
    await publisher.publish(outcome);
    metrics.indicators.set({ feed }, outcome.table.size);
    for (const [reason, count] of Object.entries(outcome.leftOut)) metrics.leftOut.set({ feed, reason }, count);
    const { version, leftOut } = outcome;
    log.info({ feed, version, indicators: outcome.table.size, leftOut }, 'feed in force');
  };

  const closing = new Subject<void>();
  const work = threat({ feeds, settle, jitter: config.jitter });
  const drained = lastValueFrom(work.pipe(takeUntil(closing)), { defaultValue: undefined });
  const failed = new Promise<never>((_, reject) => {
    drained.catch((error: unknown) => stopping.signal.aborted || reject(error));
  });
  failed.catch(() => {});
  log.info({ feeds: feeds.length }, 'threat intelligence started');

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopping.abort();
    closing.next();
    await drained.catch(() => {});
    await Promise.allSettled([producer.close(), outbound.close()]);
  };
  return {
    name: 'threat',
    failed,
    // A feed that fails is alerted; what was good stays in force, and so the process is ready
    health: async () => ({
      ready: true,
      detail:
        failing.size === 0
          ? `${feeds.length} feeds are polled`
          : `${failing.size} of ${feeds.length} feeds fail: ${[...failing.values()].join('; ')}`,
    }),
    close: () => (closed ??= close()),
  };
};

const alertOf = ({ feed, error, lastGoodAt }: PollOutcome & { kind: 'failed' }, at: number): Alert => {
  const kind = error.code === 'FEED_SHRUNK' ? 'feedShrunk' : 'feedFailed';
  return {
    // Once for each way to fail since the feed last answered well, across restarts too
    alertId: `${kind}/${feed}/${error.code}/${lastGoodAt}`,
    subject: feed,
    pipeline: 'threat',
    kind,
    severity: 'warning',
    summary: error.message,
    decisionId: null,
    at,
  };
};

/** Metrics of threat feeds. */
export const threatMetrics = ({ metrics }: Pick<AppContext, 'metrics'>) => {
  const registers = [metrics];
  return {
    polls: new Counter({
      name: 'ebbtide_threat_polls_total',
      help: 'Polls of threat feeds by what came of them',
      labelNames: ['feed', 'outcome'],
      registers,
    }),
    indicators: new Gauge({
      name: 'ebbtide_threat_feed_indicators',
      help: 'Indicators of the version of a feed that is in force',
      labelNames: ['feed'],
      registers,
    }),
    leftOut: new Gauge({
      name: 'ebbtide_threat_left_out',
      help: 'What was left out of the version in force, by reason',
      labelNames: ['feed', 'reason'],
      registers,
    }),
    confirmed: new Gauge({
      name: 'ebbtide_threat_confirmed_seconds',
      help: 'When a feed last answered with what is in force, seconds since 1970',
      labelNames: ['feed'],
      registers,
    }),
  };
};
