import { createHash } from 'node:crypto';
import { onPath, run, tryRun } from './exec.mjs';
import { kafkaVersion, sharedSettings } from './kafka-jars.mjs';
import { root } from './places.mjs';

const image = `apache/kafka:${kafkaVersion}`;
const container = () => `ebbtide-kafka-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`;

/** The version of the Docker engine that answers; the command line alone is not enough. */
export const dockerEngine = async () => {
  if (!onPath('docker')) return undefined;
  const answer = await tryRun('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
  return answer.ok ? answer.output.trim() || undefined : undefined;
};

/** Start a broker in a container that is removed when it stops. */
export const startInDocker = async (port) => {
  const settings = {
    ...sharedSettings,
    'node.id': 1,
    'process.roles': 'broker,controller',
    'controller.quorum.voters': '1@localhost:29093',
    listeners: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:29093`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  };
  const env = Object.entries(settings).flatMap(([key, value]) => [
    '-e',
    `KAFKA_${key.toUpperCase().replaceAll('.', '_')}=${value}`,
  ]);
  await stopInDocker(container());
  const args = ['run', '-d', '--rm', '--name', container(), '-p', `127.0.0.1:${port}:${port}`, ...env, image];
  await run('docker', args, {
    timeoutMs: 600_000,
    log: 'kafka-docker',
    purpose: `Kafka could not be started from ${image}`,
  });
  return container();
};

/** Stop the container, if it is there. */
export const stopInDocker = async (name) => {
  await tryRun('docker', ['rm', '-f', name], { timeoutMs: 60_000 });
};
