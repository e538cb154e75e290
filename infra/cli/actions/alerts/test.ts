import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertSeverity } from '../../../../schemas/generated/index.ts';
import type { AlertStanding } from '../../../alerts/desk.ts';
import { withAlertDesk } from '../../alert-desk.ts';
import { audited } from '../../audited.ts';
import type { Action } from '../../invocation.ts';
import { table } from '../../terminal.ts';

interface Options {
  readonly subject: string;
  /** Milliseconds. */
  readonly wait: number;
}

const pollMs = 100;

/** Raise a test alert and show what becomes of it; 1 where no route told anybody. */
export const run: Action<Options, [AlertSeverity]> = (invocation, { subject, wait }, severity) =>
  withAlertDesk(invocation, async (desk, context) => {
    const { terminal } = invocation;
    const alert = await audited(context, { action: 'testAlert', subject, details: { severity } }, () =>
      desk.test({ severity, subject, by: userInfo().username }),
    );
    terminal.say(`Raised ${alert.alertId}; waiting for the routes`);
    const end = Date.now() + wait;
    let told: AlertStanding['told'] = [];
    let settledBefore = false;
    while (Date.now() < end) {
      await sleep(pollMs);
      told = desk.standing(alert.alertId)?.told ?? [];
      const settled = told.length > 0 && told.every(({ state }) => state !== 'pending');
      // Once more: the records of one alert lie in several partitions
      if (settled && settledBefore) break;
      settledBefore = settled;
    }
    if (terminal.json) terminal.printJson({ alert, told });
    else if (told.length === 0)
      terminal.say('No route took it: see section "notify" of the configuration, and that "ebbtide run notify" runs');
    else
      for (const line of table(
        ['route', 'state', 'detail'],
        told.map((one) => [one.route, one.state, one.detail]),
      ))
        terminal.print(line);
    return told.some(({ state }) => state === 'delivered') ? 0 : 1;
  });
