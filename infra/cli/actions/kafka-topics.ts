import { topics } from '../../../schemas/topics.ts';
import { embedded } from '../../config/connections.ts';
import { addressOf, connect } from '../connect.ts';
import type { Action } from '../invocation.ts';

/** Create the topics that are missing. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'kafka topics');
  try {
    // Mock brokers make topics at their first use, and know no request for it
    if (config.kafka.brokers !== embedded) await context.kafka.ensureTopics(config.kafka.partitions, config.kafka);
    const names = Object.values(topics).map(({ name }) => name);
    for (const name of names) await context.kafka.partitionsOf(name);
    if (terminal.json) terminal.printJson({ topics: names });
    else terminal.print(`${names.length} topics are at ${addressOf(config.kafka.brokers, 'kafka', 'kafka.brokers')}`);
  } finally {
    await close();
  }
};
