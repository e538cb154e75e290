import type { Logger } from '../log.ts';
import type { ConsoleConfig } from './config.ts';
import type { Model } from './model.ts';
import type { ConsolePorts } from './ports.ts';
import type { Change } from './view/protocol.ts';

const atOnce = 4;
type Past = Extract<Change, { type: 'score' | 'decision' | 'effect' }>;

/** Read the history of each lane from the archive, where there is one: a console started anew then shows what was. */
export const backfill = async (
  model: Model,
  ports: ConsolePorts,
  config: ConsoleConfig,
  now: number,
  log: Logger,
): Promise<void> => {
  if (!ports.archive || config.from === 'beginning') return;
  const waiting = [...model.view.lanes.keys()];
  const worker = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const { scores, decisions, effects } = await ports.archive!.history(id, now - config.historyMs, now);
      const changes: Past[] = [
        ...scores.map((score) => ({ type: 'score' as const, id: score.subject, at: score.windowEnd, score })),
        ...decisions.map((decision) => ({
          type: 'decision' as const,
          id: decision.subject,
          at: decision.windowEnd,
          decision,
        })),
        ...effects.map((effect) => ({ type: 'effect' as const, id: effect.subject, at: effect.appliedAt, effect })),
      ];
      const lane = model.view.lanes.get(id);
      // What has come live already is newer: the past must not be drawn after it
      if (lane?.lastScore) continue;
      for (const change of changes.sort((left, right) => left.at - right.at)) model.change(change, false);
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, worker));
  } catch (error) {
    log.warn({ err: error }, 'The past could not be read from the archive; the console begins with the present');
  }
};
