import { assertPortFree } from '../setup/guarded.ts';

/** Two of these may run on one machine: the second one's services take other ports. */
export const freeOr0 = async (port: number, name: string, say: (line: string) => void): Promise<number> => {
  try {
    if (port !== 0) await assertPortFree(port, name, 'CONFIG_INVALID');
    return port;
  } catch {
    say(`Port ${port} is taken; ${name.toLowerCase()} takes another one`);
    return 0;
  }
};
