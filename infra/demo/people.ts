import { hourMs } from '../../models/access/calendar.ts';
import { TopicCodec } from '../../schemas/codec.ts';
import type { AccessTelemetry } from '../../schemas/generated/index.ts';
import { topics } from '../../schemas/topics.ts';
import { accessRecord } from '../agents/access/reading.ts';
import type { AppContext } from '../context.ts';
import type { Producer } from '../kafka/types.ts';

/** Somebody of the demonstration who comes to a machine every day. */
export interface Visitor {
  readonly user: string;
  readonly vm: string;
  /** Hours after that of the demonstration's start at which they come, every day. */
  readonly hoursAfter: number;
  /** Seconds after the start at which they come today; absent where they stay away. */
  readonly comesAfterS?: number;
  /** Whether it is their habit; others come without one, and nothing is prepared for them. */
  readonly isHabit: boolean;
}

/** Who comes daily at this hour, of whom one stays away today; who comes out of habit in the next ones; and one who never came before. */
export const visitors: readonly Visitor[] = [
  { user: 'demo-ada', vm: 'build-7', hoursAfter: 0, comesAfterS: 20, isHabit: true },
  { user: 'demo-grace', vm: 'db-orders', hoursAfter: 0, comesAfterS: 75, isHabit: true },
  { user: 'demo-linus', vm: 'build-9', hoursAfter: 0, isHabit: true },
  { user: 'demo-ken', vm: 'db-orders', hoursAfter: 0, comesAfterS: 150, isHabit: false },
  { user: 'demo-barbara', vm: 'build-7', hoursAfter: 1, comesAfterS: 4500, isHabit: true },
  { user: 'demo-edsger', vm: 'build-9', hoursAfter: 2, isHabit: true },
];

const days = 14;

/** Log a visit, as a collector of logins does. */
export const openVisits = async (
  { registry }: AppContext,
  producer: Producer,
): Promise<(visits: readonly { readonly visitor: Visitor; readonly time: number }[]) => Promise<void>> => {
  const codec = await TopicCodec.open<AccessTelemetry>(topics.telemetryAccess, registry);
  return (visits) =>
    producer.send(
      visits.map(({ visitor: { user, vm }, time }) => ({
        topic: topics.telemetryAccess.name,
        key: user,
        value: codec.encode(accessRecord({ user, kind: 'login', vm, application: 'sshd', time })),
      })),
    );
};

/**
 * Write the logins of the two weeks before, so that there is a habit to foresee from. It has to be done before the first
 * clock record, which says how late it is.
 *
 * @param now - epoch milliseconds
 */
export const writeHabits = async (context: AppContext, now: number): Promise<void> => {
  const producer = await context.kafka.producer({ lingerMs: 0 });
  const hour = Math.floor(now / hourMs) * hourMs;
  const visits = visitors
    .filter(({ isHabit }) => isHabit)
    .flatMap((visitor) =>
      Array.from({ length: days }, (_, i) => {
        const time = hour + visitor.hoursAfter * hourMs - (days - i) * 24 * hourMs;
        // Nobody comes on the minute
        return { visitor, time: time + ((7 * i + 5 * visitor.hoursAfter) % 40) * 60_000 };
      }),
    )
    .filter(({ time }) => time < hour)
    .sort((a, b) => a.time - b.time);
  await (await openVisits(context, producer))(visits);
  await producer.close();
};
