import { openArchive } from '../../clickhouse/client.ts';
import { type DecisionTrace, decisionTrace } from '../../clickhouse/decisionTrace.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { duration } from '../terminal.ts';
import { waterfall } from '../waterfall.ts';

/** What came of a decision, in a line: how long it took, or that it came into effect nowhere. */
export const conclusionOf = ({ steps, inEffectMs }: DecisionTrace): string => {
  const decided = steps.find(({ by }) => by.startsWith('run '));
  if (inEffectMs !== null && decided)
    return `${duration(Math.max(0, inEffectMs - decided.startMs))} from the end of the window until it was in effect`;
  return steps.some((step) => step !== decided && step.startMs >= (decided?.endMs ?? 0))
    ? 'It did not come into effect'
    : 'No effect of it is archived';
};

/** Show where the time of one decision went. */
export const run: Action<object, [string]> = async ({ terminal, load }, _options, decisionId) => {
  const { config } = await load();
  const url = addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url');
  const archive = openArchive({ ...config.clickhouse, url });
  try {
    const trace = await decisionTrace(archive, decisionId);
    if (terminal.json) return terminal.printJson(trace);
    const { subject, action, mode, reason, steps } = trace;
    terminal.print(`${terminal.style('bold', action)} of ${subject} (${mode}): ${reason}`);
    terminal.print();
    for (const line of waterfall(steps)) terminal.print(line);
    terminal.print();
    terminal.print(conclusionOf(trace));
  } finally {
    await archive.close();
  }
};
