import { openArchive } from '../../clickhouse/client.ts';
import { decisionTrace } from '../../clickhouse/decisionTrace.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { duration } from '../terminal.ts';
import { waterfall } from '../waterfall.ts';

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
    const decided = steps.find(({ by }) => by.startsWith('run '));
    const done = steps.findLast(({ by }) => by === 'run actuate' || by === 'gateway');
    terminal.print();
    terminal.print(
      done && decided
        ? `${duration(Math.max(0, done.endMs - decided.startMs))} from the end of the window until it was in effect`
        : 'No effect of it is archived',
    );
  } finally {
    await archive.close();
  }
};
