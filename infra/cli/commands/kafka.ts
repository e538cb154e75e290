import { Argument, Command } from 'commander';
import { kafkaAccess } from '../../kafka/acls.ts';
import { lazily } from '../invocation.ts';

export const defineKafka = (): Command => {
  const command = new Command('kafka').summary('prepare your own Kafka').description('Your own Kafka.');
  command
    .command('topics')
    .description(
      'Create the topics that are missing, as a principal that may: processes with rights of their own may not.',
    )
    .action(lazily(() => import('../actions/kafka-topics.ts')));
  command
    .command('acls')
    .description(
      'Print a script of kafka-acls.sh commands that gives each process the topics and groups that it needs, and no other; groups as the configuration names them. Settings in topic "control" are then written by the console, the command line and retrain alone.',
    )
    .addArgument(new Argument('[processes...]', 'processes; else all of them').choices(Object.keys(kafkaAccess)))
    .option('--prefix <text>', 'before the name of each process, as the broker names principals', 'User:ebbtide-')
    .option('--admin <principal>', 'who runs the command line', 'User:ebbtide-admin')
    .option(
      '--surplus <file>',
      'print instead what takes away rights that these processes have and do not need, such as those that an upgrade narrowed; run what "acls" prints without this first: it is refused where a right is missing that they need; the file has what kafka-acls.sh --list prints, "-" is standard input',
    )
    .addHelpText(
      'after',
      `
Examples:
  ebbtide kafka acls > acls.sh && BROKERS=kafka:9092 KAFKA_ACLS="kafka-acls.sh --command-config admin.properties" sh acls.sh
  ebbtide kafka acls lifecycle actuate --prefix User:CN=ebbtide-
  # What is too much, after the first: it needs all that this gives
  kafka-acls.sh --bootstrap-server kafka:9092 --list | ebbtide kafka acls --surplus - > narrow.sh`,
    )
    .action(lazily(() => import('../actions/kafka-acls.ts')));
  return command;
};
