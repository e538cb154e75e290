import { inForce } from '../../../schemas/control.ts';
import { connect } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { readControls } from '../register.ts';
import { table } from '../terminal.ts';

/** Show what is in force. */
export const run: Action<object> = async ({ terminal, load }) => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'control');
  try {
    const now = Date.now();
    const controls = [...(await readControls(context)).values()].filter((control) => inForce(control, now));
    if (terminal.json) {
      for (const control of controls) terminal.printJson({ ...control, value: jsonOrText(control.value) });
      return;
    }
    if (controls.length === 0) return terminal.say('Nothing was set: the configuration alone is in force');
    const rows = controls.map(({ kind, pipeline, subject, value, expiresAt, at, by, reason }) => [
      kind,
      subject ?? (pipeline || 'all'),
      value.length > 60 ? `${value.slice(0, 59)}…` : value,
      expiresAt === null ? '' : new Date(expiresAt).toISOString(),
      new Date(at).toISOString(),
      by,
      reason,
    ]);
    for (const line of table(['kind', 'governs', 'value', 'until', 'since', 'by', 'reason'], rows))
      terminal.print(line);
  } finally {
    await close();
  }
};

const jsonOrText = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
