import { LastSeen } from '../../../operators/actuate/lastSeen.ts';
import { eventOfDecision, eventsOfEffect } from '../../../operators/toSecurityEvents.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { isEbbtideError } from '../../../schemas/errors.ts';
import type { Decision, Effect, Signal } from '../../../schemas/generated/index.ts';
import { eventTypes, type RiskLevel, type SecurityEvent } from '../../../schemas/securityEvents.ts';
import { topics } from '../../../schemas/topics.ts';
import type { AppContext } from '../../context.ts';
import type { Message } from '../../kafka/types.ts';
import type { Register } from '../../vault/register.ts';
import type { TransmitterConfig } from './config.ts';

/** Subjects whose level is remembered. */
const subjects = 1_000_000;

/** Reads decisions and effects as security events; knows which level of risk was told last of whom. */
export class EventReader {
  readonly #decisions: TopicCodec<Decision>;
  readonly #effects: TopicCodec<Effect>;
  readonly #register: Register;
  readonly #config: TransmitterConfig;
  readonly #levels = new LastSeen<string, RiskLevel>(subjects);
  readonly #onUnreadable: (message: Message, error: unknown) => void;

  private constructor(
    codecs: readonly [TopicCodec<Decision>, TopicCodec<Effect>],
    register: Register,
    config: TransmitterConfig,
    onUnreadable: (message: Message, error: unknown) => void,
  ) {
    [this.#decisions, this.#effects] = codecs;
    this.#register = register;
    this.#config = config;
    this.#onUnreadable = onUnreadable;
  }

  static async open(
    { registry, log }: AppContext,
    register: Register,
    config: TransmitterConfig,
  ): Promise<EventReader> {
    const codecs = [
      await TopicCodec.open<Decision>(topics.decisions, registry),
      await TopicCodec.open<Effect>(topics.effects, registry),
    ] as const;
    return new EventReader(codecs, register, config, ({ topic, partition, offset }, error) =>
      // Whoever owns the topic sees to it
      log.warn({ topic, partition, offset, error: (error as Error).message }, 'record passed over'),
    );
  }

  /** Take in an event that was sent before. */
  recall({ direction, event, subject, claims }: Signal): void {
    if (direction !== 'sent' || event !== eventTypes.riskLevelChange) return;
    const { current_level: level } = JSON.parse(claims) as { current_level?: RiskLevel };
    if (level) this.#levels.set(subject, level);
  }

  async read(messages: readonly Message[]): Promise<readonly SecurityEvent[]> {
    const events: SecurityEvent[] = [];
    for (const message of messages)
      try {
        events.push(...(await this.#one(message)));
      } catch (error) {
        if (!isEbbtideError(error)) throw error;
        this.#onUnreadable(message, error);
      }
    return events;
  }

  async #one({ topic, value }: Message): Promise<readonly SecurityEvent[]> {
    if (!value) return [];
    if (topic === topics.effects.name) {
      const effect = await this.#effects.read(value);
      return eventsOfEffect(effect, this.#register.get(effect.subject));
    }
    const decision = await this.#decisions.read(value);
    const counts = this.#config.shadow || (decision.mode === 'enforce' && decision.withheld === '');
    if (!counts) return [];
    const { mediumRisk: medium, highRisk: high } = this.#config;
    const event = eventOfDecision(decision, this.#levels.get(decision.subject), { medium, high });
    if (!event) return [];
    this.#levels.set(decision.subject, event.claims.current_level as RiskLevel);
    return [event];
  }
}
