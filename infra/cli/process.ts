import type { Config } from '../config/config.ts';
import { embedded } from '../config/connections.ts';
import type { AppContext, Running } from '../context.ts';
import { startHealthServer } from '../http/server.ts';
import { topicsAtStart } from '../kafka/topics.ts';
import { watchClients } from '../kafka/watchClients.ts';
import { connect } from './connect.ts';
import { type Closable, closeInTime, untilStopped } from './lifetime.ts';
import type { Terminal } from './terminal.ts';

/**
 * Be a process of pipelines or services: connect, answer health and metrics, start the parts, run until stopped.
 *
 * @param command - what this process is, e.g. `run lifecycle`
 * @param start - starts each part, in order
 * @returns an exit status
 */
export const beProcess = async (
  config: Config,
  command: string,
  terminal: Terminal,
  start: ((context: AppContext, parts: () => readonly Running[]) => Promise<Running>)[],
): Promise<number> => {
  const { context, close } = await connect(config, command);
  const { brokers } = context.kafka;
  const watch = watchClients({ brokers, settings: config.kafka.settings }, config.kafka.lostAfterMs, context.log);
  const below: Closable[] = [{ name: 'Kafka', close }];
  const parts: Running[] = [];
  try {
    // Mock brokers make topics at their first use
    if (config.kafka.brokers !== embedded) await topicsAtStart(context.kafka, config.kafka);
    const http = await startHealthServer(config.http, () => parts, context.metrics, watch.lost);
    below.push(http);
    terminal.say(`Health and metrics at ${http.address}`);
    for (const begin of start) {
      const part = await Promise.race([begin(context, () => parts), watch.failed]);
      parts.push(part);
      terminal.say(`${part.name} runs${part.address ? ` at ${part.address}` : ''}`);
    }
  } catch (error) {
    await closeInTime([...below, ...parts, watch], terminal.say);
    throw error;
  }
  return untilStopped([...parts, watch], below, terminal);
};
