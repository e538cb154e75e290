import { connect } from './connect.ts';
import { type Setting, writeControl } from './control-record.ts';
import type { Invocation } from './invocation.ts';

/** Write a setting and tell of it. */
export const setControl = async ({ terminal, load }: Invocation, setting: Setting, told: string): Promise<void> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'control');
  try {
    const record = await writeControl(context, setting);
    if (terminal.json) terminal.printJson(record);
    else terminal.print(told);
  } finally {
    await close();
  }
};
