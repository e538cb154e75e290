import type { PortTaken } from '../http/listenAt.ts';

/** Two of these may run on one machine: the second one's services take other ports, and say so. */
export const portTaken =
  (name: string, say: (line: string) => void): PortTaken =>
  (port) =>
    say(`Port ${port} is taken; ${name} takes another one`);
