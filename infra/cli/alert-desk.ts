import { type AlertDesk, openAlertDesk } from '../alerts/desk.ts';
import type { AppContext } from '../context.ts';
import { connect } from './connect.ts';
import type { Invocation } from './invocation.ts';

/** Do something with what is known of alerts. */
export const withAlertDesk = async <T>(
  { load }: Invocation,
  work: (desk: AlertDesk, context: AppContext) => Promise<T>,
): Promise<T> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'alerts');
  try {
    const producer = await context.kafka.producer();
    const desk = await openAlertDesk(context, producer);
    desk.failed.catch(() => {});
    try {
      return await work(desk, context);
    } finally {
      await Promise.allSettled([desk.close(), producer.close()]);
    }
  } finally {
    await close();
  }
};
