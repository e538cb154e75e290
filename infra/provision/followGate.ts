import { Controls } from '../../operators/actuate/controls.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type {
  AccessTelemetry,
  Control,
  Credential,
  Decision,
  Machine,
  Score,
  Translation,
} from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import type { AppContext } from '../context.ts';
import { follow } from '../kafka/follow.ts';
import type { ProvisionConfig } from './config.ts';
import { Machines } from './machines.ts';
import { type Pair, pairKey } from './names.ts';
import { Owners } from './owners.ts';
import { FollowedRisk, type RiskGate } from './risk.ts';

/** What admits or refuses a pair, kept from topics. */
export interface FollowedGate {
  readonly risk: RiskGate;
  readonly machines: Machines;
  /** Whether the kill switch is on for the preprovision pipeline, the user, the pair or all. */
  readonly killed: (pair: Pair) => boolean;
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/**
 * Follow settings, scores, decisions, who credentials belong to, and changes of machines' states. It resolves once it knows
 * what of these was there before: nobody is let through since a process has just begun. Of scores and decisions, which are many, that is
 * what was written for as long as they count.
 */
export const followGate = async (
  { kafka, registry, log }: AppContext,
  config: Pick<ProvisionConfig, 'riskMaxAgeMs'>,
  now: () => number,
): Promise<FollowedGate> => {
  const owners = new Owners(config.riskMaxAgeMs, now);
  const risk = new FollowedRisk(config.riskMaxAgeMs, now, owners);
  const machines = new Machines();
  const controls = new Controls();
  const recent = { sinceMs: now() - config.riskMaxAgeMs };
  const followers = [
    await follow(
      kafka,
      await TopicCodec.open<Control>(topics.control, registry),
      (record, message) => (record ? controls.apply(record) : controls.remove(String(message.key))),
      log,
    ),
    await follow(
      kafka,
      await TopicCodec.open<Credential>(topics.credentials, registry),
      (record, message) => owners.register(String(message.key), record),
      log,
    ),
    await follow(
      kafka,
      await TopicCodec.open<Translation>(topics.translations, registry),
      (record, message) => owners.translated(String(message.key), record),
      log,
    ),
    await follow(
      kafka,
      await TopicCodec.open<Score>(topics.scores, registry),
      (score) => score && risk.scored(score),
      log,
      recent,
    ),
    await follow(
      kafka,
      await TopicCodec.open<Decision>(topics.decisions, registry),
      (decision) => decision && risk.decided(decision),
      log,
      recent,
    ),
    await follow(
      kafka,
      await TopicCodec.open<Machine>(topics.machines, registry),
      (record) => record && machines.known(record),
      log,
    ),
    await follow(
      kafka,
      await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry),
      (record) => record && machines.apply(record),
      log,
    ),
  ];
  await Promise.all(followers.map((follower) => follower.caughtUp));
  const failed = Promise.race(followers.map((follower) => follower.failed));
  failed.catch(() => {});
  return {
    risk,
    machines,
    killed: (pair) => [pair.user, pairKey(pair)].some((subject) => controls.killed('preprovision', subject, now())),
    failed,
    close: async () => {
      await Promise.allSettled(followers.map((follower) => follower.close()));
    },
  };
};
