import { AuditLog, commandLineActor, type Deed } from '../audit.ts';
import type { AppContext } from '../context.ts';

/**
 * Do something as the user of this command line, on record in topic `actions`.
 *
 * @returns what `work` returned
 * @throws what `work` threw; `KAFKA_UNAVAILABLE` where it could not be recorded, and nothing was done then
 */
export const audited = async <T>(
  context: AppContext,
  deed: Deed,
  work: (told: (result: string) => Promise<void>) => Promise<T>,
): Promise<T> => {
  const producer = await context.kafka.producer();
  try {
    const audit = await AuditLog.open(context, producer);
    return await audit.around(commandLineActor(), deed, work);
  } finally {
    await producer.close();
  }
};
