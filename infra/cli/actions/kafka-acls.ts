import {
  aclArguments,
  aclScript,
  adminAclArguments,
  groupsOf,
  type KafkaProcess,
  kafkaAccess,
} from '../../kafka/acls.ts';
import type { Action } from '../invocation.ts';

interface Options {
  readonly prefix: string;
  readonly admin: string;
}

/** Print the access rules of processes at Kafka, as a script. */
export const run: Action<Options, [KafkaProcess[]]> = async ({ terminal, load }, { prefix, admin }, names) => {
  const groups = groupsOf((await load()).config);
  const wanted = names.length > 0 ? [...new Set(names)] : (Object.keys(kafkaAccess) as KafkaProcess[]);
  const commands = [
    ...adminAclArguments(admin, groups).map((args) => ({
      title: `${admin}: administrators, by the command line`,
      args,
    })),
    ...wanted.flatMap((name) =>
      aclArguments(name, `${prefix}${name}`, groups).map((args) => ({ title: `${prefix}${name}`, args })),
    ),
  ];
  if (terminal.json) terminal.printJson(commands);
  else terminal.print(aclScript(commands).trimEnd());
};
