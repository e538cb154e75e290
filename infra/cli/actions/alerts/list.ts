import { withAlertDesk } from '../../alert-desk.ts';
import type { Action } from '../../invocation.ts';
import { table } from '../../terminal.ts';

/** Show silences and the newest alerts. */
export const run: Action<{ limit: number }> = (invocation, { limit }) =>
  withAlertDesk(invocation, async (desk) => {
    const { terminal } = invocation;
    const silences = desk.silences();
    const alerts = desk.alerts(limit);
    if (terminal.json) return terminal.printJson({ silences, alerts });
    for (const { subject, kinds, expiresAt, by, reason } of silences)
      terminal.print(
        `Silent until ${new Date(expiresAt).toISOString()}: ${subject}, kinds ${kinds} (${by}: ${reason})`,
      );
    if (alerts.length === 0) return terminal.say('There were no alerts of late');
    const rows = alerts.map(({ alert, told, acknowledged }) => [
      new Date(alert.at).toISOString(),
      alert.severity,
      alert.kind,
      alert.subject,
      told.map(({ route, state }) => `${route} ${state}`).join(', '),
      acknowledged ?? '',
      alert.alertId,
    ]);
    for (const line of table(['at', 'severity', 'kind', 'subject', 'told', 'acknowledged', 'alert'], rows))
      terminal.print(line);
  });
