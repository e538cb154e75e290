import { type TopicSpec, topics } from '../../schemas/topics.ts';

/** What a process does at Kafka. Whoever reads may look; nobody but administrators creates or deletes. */
export interface KafkaAccess {
  readonly reads: readonly TopicSpec[];
  readonly writes: readonly TopicSpec[];
  /** Consumer group, where it has one; {@link groupsOf} a configuration goes before it. */
  readonly group?: string;
  /** At whose group it looks, to know how far that is. */
  readonly watches?: 'archive';
  /** Whether it commits in transactions, whose ids begin with the group and a hyphen. */
  readonly transactions?: true;
}

const t = topics;
const everything: readonly TopicSpec[] = Object.values(topics);
const without = (...left: readonly TopicSpec[]) => everything.filter((topic) => !left.includes(topic));

/** A pipeline: its telemetry with the clock records in it, its state, what it decides. */
const pipeline = (name: string, telemetry: TopicSpec, state: TopicSpec, joined: TopicSpec[], more: TopicSpec[]) => ({
  reads: [telemetry, state, t.control, ...joined],
  writes: [telemetry, state, t.scores, t.decisions, t.alerts, t.deadLetters, ...more],
  group: `ebbtide-${name}`,
  transactions: true as const,
});

/** What lets a provisioned credential through, or not. */
const gate = [t.control, t.credentials, t.translations, t.scores, t.decisions, t.machines, t.telemetryAccess];

/**
 * What each process needs at Kafka, by name: the topics of docs/architecture.md.
 *
 * Settings are written by the console and the command line alone, and by `retrain`, whose champions are settings: whoever
 * takes over a pipeline can neither leave shadow mode nor end the kill switch. The console writes people's decisions,
 * and no telemetry, score, register or effect.
 */
export const kafkaAccess = {
  lifecycle: pipeline('lifecycle', t.telemetryResource, t.stateLifecycle, [t.credentials], []),
  scope: pipeline('scope', t.telemetryApi, t.stateScope, [t.labels], [t.scopeOverrides]),
  keylife: pipeline('keylife', t.telemetryBiometric, t.stateKeylife, [t.baselines], [t.baselines]),
  preprovision: pipeline(
    'preprovision',
    t.telemetryAccess,
    t.statePreprovision,
    [t.scores],
    [t.provisions, t.machines],
  ),
  actuate: {
    reads: [t.decisions, t.control, t.credentials, t.effects, t.scopeOverrides],
    writes: [t.effects, t.credentials, t.alerts, t.deadLetters],
    group: 'ebbtide-actuate',
  },
  archive: {
    // Hashes of tokens, sealed baselines, log-ins at the key host and state of jobs are never archived
    reads: without(t.tokens, t.baselines, t.authentications, ...everything.filter(({ name }) => /^state\./.test(name))),
    writes: [t.deadLetters],
    group: 'ebbtide-archive',
  },
  notify: {
    reads: [t.alerts, t.notifications, t.control],
    writes: [t.notifications, t.deadLetters],
    group: 'ebbtide-notify',
  },
  threat: { reads: [t.threatIndicators], writes: [t.threatIndicators, t.alerts] },
  retrain: { reads: [t.control], writes: [t.control, t.actions] },
  token: { reads: [t.credentials, t.control, t.decisions, t.effects], writes: [t.credentials, t.effects] },
  gateway: { reads: [t.translations, t.scopeOverrides, t.control, t.threatIndicators], writes: [t.telemetryApi] },
  keyhost: {
    reads: [t.control, t.baselines, t.authentications, t.decisions],
    writes: [t.credentials, t.baselines, t.authentications, t.telemetryBiometric],
  },
  provision: { reads: [t.provisions, ...gate], writes: [t.provisions, t.alerts] },
  delivery: { reads: [t.provisions, ...gate], writes: [t.provisions, t.alerts] },
  mail: { reads: [t.alerts], writes: [], group: 'ebbtide-mail' },
  signals: {
    reads: [t.credentials, t.control, t.translations, t.signals, t.decisions, t.effects],
    writes: [t.signals, t.decisions, t.scopeOverrides, t.alerts],
    group: 'ebbtide-signals',
  },
  agent: { reads: [], writes: [t.telemetryResource] },
  collector: { reads: [], writes: [t.telemetryAccess, t.deadLetters] },
  console: {
    reads: [
      ...[t.credentials, t.scores, t.decisions, t.effects, t.scopeOverrides, t.alerts, t.notifications],
      ...[t.control, t.labels, t.investigations, t.actions, t.approvals, t.tokens],
      ...[t.provisions, t.telemetryAccess],
    ],
    watches: 'archive',
    writes: [
      ...[t.control, t.labels, t.investigations, t.actions, t.approvals, t.tokens],
      ...[t.decisions, t.scopeOverrides, t.notifications, t.alerts],
    ],
  },
} as const satisfies Record<string, KafkaAccess>;

/** Name of a process in {@link kafkaAccess}. */
export type KafkaProcess = keyof typeof kafkaAccess;

/** Consumer groups that a configuration names, by process. */
export type KafkaGroups = Readonly<Partial<Record<KafkaProcess, string>>>;

/** The groups of a configuration: a process's own section has it as `groupId`. */
export const groupsOf = (config: { readonly [section in KafkaProcess]?: object }): KafkaGroups =>
  Object.fromEntries(
    (Object.keys(kafkaAccess) as KafkaProcess[]).flatMap((name) => {
      const { groupId } = (config[name] ?? {}) as { readonly groupId?: string };
      return groupId === undefined ? [] : [[name, groupId]];
    }),
  );

/** What names of groups begin with, unless they are configured. */
const ours = 'ebbtide-';
/** Groups of tails, which commit nothing. */
const tails = `${ours}tail-`;
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Arguments of Kafka's `kafka-acls.sh` that give a process what it needs, a command each.
 *
 * @param principal - as the broker names it, such as `User:ebbtide-lifecycle`
 * @param groups - those that are configured
 */
export const aclArguments = (
  name: KafkaProcess,
  principal: string,
  groups: KafkaGroups = {},
): readonly (readonly string[])[] => {
  const { reads, writes, group: standard, watches, transactions }: KafkaAccess = kafkaAccess[name];
  const group = groups[name] ?? standard;
  const allow = ['--add', '--allow-principal', principal];
  const prefixed = ['--resource-pattern-type', 'prefixed'];
  const on = (specs: readonly TopicSpec[]) => specs.flatMap((topic) => ['--topic', topic.name]);
  const own = group === undefined ? [] : ['--group', group];
  return [
    ...(reads.length > 0 ? [[...allow, '--operation', 'Read', ...on(reads), ...own]] : []),
    ...(reads.length > 0 ? [[...allow, ...prefixed, '--operation', 'Read', '--group', tails]] : []),
    ...(watches
      ? [[...allow, '--operation', 'Describe', '--group', groups[watches] ?? kafkaAccess[watches].group]]
      : []),
    ...(writes.length > 0 ? [[...allow, '--operation', 'Write', ...on(writes)]] : []),
    ...(transactions ? [[...allow, ...prefixed, '--operation', 'Write', '--transactional-id', `${group}-`]] : []),
  ];
};

/**
 * Arguments that let administrators, who run the command line, do all with Ebbtide's topics and groups.
 *
 * @param groups - those that are configured
 */
export const adminAclArguments = (principal: string, groups: KafkaGroups = {}): readonly (readonly string[])[] => {
  const allow = ['--add', '--allow-principal', principal];
  const others = [...new Set(Object.values(groups))].filter((group) => !group.startsWith(ours));
  return [
    [...allow, '--operation', 'All', ...everything.flatMap(({ name }) => ['--topic', name])],
    [...allow, '--resource-pattern-type', 'prefixed', '--operation', 'All', '--group', ours],
    ...(others.length > 0 ? [[...allow, '--operation', 'All', ...others.flatMap((one) => ['--group', one])]] : []),
  ];
};

/**
 * A shell script of commands such as {@link aclArguments}.
 *
 * @param commands - title and arguments of each
 * @param about - what the script does
 */
export const aclScript = (
  commands: readonly { readonly title: string; readonly args: readonly string[] }[],
  about = 'What each process of Ebbtide may do at Kafka. Done again it changes nothing.',
): string =>
  [
    '#!/bin/sh',
    `# ${about}`,
    "# BROKERS: bootstrap servers. KAFKA_ACLS: Kafka's script, with options such as --command-config admin.properties",
    'set -eu',
    ': "$BROKERS" "$KAFKA_ACLS"',
    'acls() {',
    '  $KAFKA_ACLS --bootstrap-server "$BROKERS" "$@"',
    '}',
    ...commands.map(({ title, args }, index) =>
      [
        ...(title === commands[index - 1]?.title ? [] : ['', `# ${title}`]),
        `acls ${args.map((arg) => (/^[\w.-]+$/.test(arg) ? arg : quoted(arg))).join(' ')}`,
      ].join('\n'),
    ),
    '',
  ].join('\n');
