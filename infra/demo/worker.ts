/**
 * A function that really runs: it answers a few greetings a second, and tells the host agent by the client library.
 * Its parent says which credential it holds and, for the demonstration, when to go astray.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createReporter } from '../agents/client/reporter.ts';

/** What the parent tells the worker. */
export type WorkerMessage = { readonly holds: string } | { readonly astray: boolean };

const turnMs = 100;
const usualGreetings = 2;
const astrayGreetings = 60;
const hoardMost = 40;
const hoardBytes = 4 * 2 ** 20;

const reporter = createReporter({ watchProcess: true });
const own = fileURLToPath(import.meta.url);
const hoard: Buffer[] = [];
let astray = false;

const greet = reporter.wrap((visitor: string): string => {
  reporter.dataRead();
  return createHash('sha256').update(visitor).update(readFileSync(own)).digest('hex');
});

const turn = (): void => {
  for (let count = 0; count < (astray ? astrayGreetings : usualGreetings); count++) greet(`visitor ${count}`);
  if (!astray) {
    hoard.length = 0;
    return;
  }
  if (hoard.length < hoardMost) hoard.push(randomBytes(hoardBytes));
  reporter.dataRead(500);
};

process.on('message', (message: WorkerMessage) => {
  if ('holds' in message) reporter.useCredential(message.holds);
  else astray = message.astray;
});
process.on('disconnect', () => process.exit(0));
setInterval(turn, turnMs);
