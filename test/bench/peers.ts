/**
 * The job of the stream-processing peers (Kafka Streams, Flink), done by Ebbtide's operators, session and job runner, in
 * one rotation with them on the same broker. Needs the peers' folder, Java 17, Maven and Python. See README.md beside
 * this file.
 *
 *   npm run bench -- peers [--json] [--peers ../shared/peers] [--runs 3] [--samples 1500000] [--credentials 1000] [--per 1,50]
 */
import { parseArgs } from 'node:util';
import { comparePeers } from './peers/rotation.ts';
import { report, say } from './report.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    peers: { type: 'string' },
    runs: { type: 'string', default: '3' },
    samples: { type: 'string', default: '1500000' },
    credentials: { type: 'string', default: '1000' },
    per: { type: 'string', default: '1,50' },
  },
});
const figures = await comparePeers({
  peers: options.peers,
  runs: Number(options.runs),
  samples: Number(options.samples),
  credentials: Number(options.credentials),
  per: options.per.split(',').map(Number),
});
if (typeof figures === 'string') {
  say(`Skipped: ${figures}`);
  report('peers', { skipped: 1 }, options.json, { skipped: figures });
} else report('peers', figures, options.json, { kafka: 'Apache Kafka 4.1.1, one broker on the same cores' });
