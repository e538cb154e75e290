import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { bringDown, bringUp, runningKafka, servicesFile } from './kafka.mjs';
import { runMain, SetupError, say } from './say.mjs';

const usage = `Usage: node infra/setup/services.mjs up|down|status

up      start a real Apache Kafka for development and tests, from Docker or from Maven Central with Java 17
down    stop it and remove its data
status  print its address as JSON; exit code 1 when none runs
`;

const commands = {
  up: async () => {
    const kafka = await bringUp();
    say(`Kafka answers at ${kafka.brokers} (noted in ${servicesFile()})`);
  },
  down: async () => {
    const stopped = await bringDown();
    say(stopped ? `Kafka at ${stopped.brokers} stopped` : 'No Kafka of ours was running');
  },
  status: async () => {
    const kafka = await runningKafka();
    process.stdout.write(`${JSON.stringify({ kafka: kafka ?? null })}\n`);
    return kafka ? 0 : 1;
  },
};

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  await runMain(async () => {
    const command = commands[process.argv[2]];
    if (!command) throw new SetupError(`Unknown command ${process.argv[2] ?? '(none)'}\n${usage}`);
    return command();
  });
}
