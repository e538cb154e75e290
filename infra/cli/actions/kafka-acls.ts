import { readFileSync } from 'node:fs';
import { EbbtideError } from '../../../schemas/errors.ts';
import { type Grant, grantsListed, grantsOf, missingRights, surplusArguments } from '../../kafka/aclSurplus.ts';
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
  readonly surplus?: string;
}

/** Print the access rules of processes at Kafka, or what takes needless ones away, as a script. */
export const run: Action<Options, [KafkaProcess[]]> = async ({ terminal, load }, options, names) => {
  const { prefix, admin, surplus } = options;
  const groups = groupsOf((await load()).config);
  const wanted = names.length > 0 ? [...new Set(names)] : (Object.keys(kafkaAccess) as KafkaProcess[]);
  const needed = wanted.flatMap((name) =>
    aclArguments(name, `${prefix}${name}`, groups).map((args) => ({ title: `${prefix}${name}`, args })),
  );
  if (surplus !== undefined) {
    const listed = grantsListed(listingOf(surplus));
    const rights = needed.flatMap(({ args }) => grantsOf(args));
    refuseWhereMissing(missingRights(listed, rights));
    const commands = surplusArguments(listed, rights).map(({ principal, args }) => ({ title: principal, args }));
    const about =
      commands.length === 0
        ? `Nothing to take away: of ${listed.length} rights that are listed, none of these processes has one that it does not need.`
        : 'Takes rights away that processes of Ebbtide have at Kafka and do not need.';
    if (terminal.json) terminal.printJson(commands);
    else terminal.print(aclScript(commands, about).trimEnd());
    return;
  }
  const commands = [
    ...adminAclArguments(admin, groups).map((args) => ({
      title: `${admin}: administrators, by the command line`,
      args,
    })),
    ...needed,
  ];
  if (terminal.json) terminal.printJson(commands);
  else terminal.print(aclScript(commands).trimEnd());
};

/** @throws {EbbtideError} `CONFIG_INVALID` where any are: taking rights away could cut a process off that runs by them */
const refuseWhereMissing = (missing: readonly Grant[]): void => {
  if (missing.length === 0) return;
  const first = missing[0]!;
  const principals = [...new Set(missing.map(({ principal }) => principal))];
  throw new EbbtideError(
    'CONFIG_INVALID',
    `${missing.length} rights that ${principals.join(', ')} need are not listed, the first of them ${first.operation} on ${first.resource} ${first.name}: run what "ebbtide kafka acls" prints, and list again`,
    { principals },
  );
};

/** @throws {EbbtideError} `CONFIG_INVALID` where it is no list of rights: nothing would seem to be granted */
const listingOf = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new EbbtideError('CONFIG_INVALID', `Cannot read ${file}: ${(cause as Error).message}`, { file }, cause);
  }
  if (!text.includes('ResourcePattern('))
    throw new EbbtideError(
      'CONFIG_INVALID',
      `${file === '-' ? 'Standard input' : file} lists no rights; give what kafka-acls.sh --list prints`,
      { file },
    );
  return text;
};
