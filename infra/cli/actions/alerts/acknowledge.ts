import { userInfo } from 'node:os';
import { withAlertDesk } from '../../alert-desk.ts';
import { audited } from '../../audited.ts';
import type { Action } from '../../invocation.ts';

/** Note that somebody sees to an alert. */
export const run: Action<{ reason: string }, [string]> = (invocation, { reason }, alertId) =>
  withAlertDesk(invocation, async (desk, context) => {
    const subject = desk.standing(alertId)?.alert.subject ?? alertId;
    const deed = { action: 'acknowledge', subject, reason, details: { alertId } };
    await audited(context, deed, () => desk.acknowledge(alertId, userInfo().username, reason));
    if (invocation.terminal.json) invocation.terminal.printJson({ alertId, acknowledged: true });
    else invocation.terminal.print(`${alertId} is acknowledged, and escalated no further`);
  });
