/** A function that reports: `reporting.js SOCKET CREDENTIAL [flood]`. */
import { createReporter } from '../../../../infra/agents/client/reporter.ts';

const [socket = '', credentialId = '', how] = process.argv.slice(2);
const reporter = createReporter({ socket, credentialId, flushMs: 10 });

if (how === 'flood') {
  // Each line is near its limit, so that the socket's own buffers fill at once.
  const end = Date.now() + 1500;
  const report = () => {
    for (let i = 0; i < 32; i++) reporter.custom(`metric-${i}-`.padEnd(64, 'x'), Math.random());
    if (Date.now() < end) setTimeout(report, 5);
    else
      process.stdout.write(
        `${JSON.stringify({ dropped: reporter.dropped, heapMiB: process.memoryUsage().heapUsed / 2 ** 20 })}\n`,
      );
  };
  setTimeout(report, 100);
} else {
  setInterval(() => reporter.apiCall(), 10);
  process.stdin.on('end', () => process.exit()).resume();
  process.stdout.write('ready\n');
}
