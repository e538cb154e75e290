/** A process to watch: a little computing, a file that grows, and an open socket. */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';

const [file = '/dev/null'] = process.argv.slice(2);
createServer().listen(0, '127.0.0.1');
setInterval(() => {
  let sum = 0;
  for (let i = 0; i < 100_000; i++) sum += Math.sqrt(i);
  appendFileSync(file, `${sum}\n`);
}, 250);
process.on('disconnect', () => process.exit());
