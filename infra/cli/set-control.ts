import { userInfo } from 'node:os';
import type { Setting } from '../../schemas/control.ts';
import { deedOf } from '../audit.ts';
import { audited } from './audited.ts';
import { connect } from './connect.ts';
import type { Invocation } from './invocation.ts';
import { writeControl } from './write-control.ts';

/** Write a setting and tell of it. */
export const setControl = async (
  { terminal, load }: Invocation,
  setting: Omit<Setting, 'by'>,
  told: string,
): Promise<void> => {
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config } = await load();
  const { context, close } = await connect(config, 'control');
  try {
    const record = await audited(context, deedOf(setting), () =>
      writeControl(context, { ...setting, by: userInfo().username }),
    );
    if (terminal.json) terminal.printJson(record);
    else terminal.print(told);
  } finally {
    await close();
  }
};
