/** Figures of an agent, as its metrics show them. */
export interface AgentCounts {
  readonly samples: number;
  readonly sentMessages: number;
  readonly sentSamples: number;
  readonly failedSends: number;
  readonly givenUpSamples: number;
  readonly waitingSamples: number;
  readonly spoolBytes: number;
  readonly watched: number;
  readonly alive: number;
  readonly acceptedLines: number;
  readonly refusedLines: number;
}

/** One metric: its kind, name and help, and where its value comes from. */
export interface AgentMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly of: keyof AgentCounts;
}

const metric = (of: keyof AgentCounts, kind: AgentMetric['kind'], name: string, help: string): AgentMetric => ({
  of,
  kind,
  name,
  help,
});

/** Every metric of the host agent. */
export const agentMetrics: readonly AgentMetric[] = [
  metric('samples', 'counter', 'ebbtide_agent_samples_total', 'Samples taken'),
  metric('sentMessages', 'counter', 'ebbtide_agent_sent_messages_total', 'Messages that the broker has acknowledged'),
  metric('sentSamples', 'counter', 'ebbtide_agent_sent_samples_total', 'Samples that the broker has acknowledged'),
  metric('failedSends', 'counter', 'ebbtide_agent_failed_sends_total', 'Sends that the broker did not acknowledge'),
  metric(
    'givenUpSamples',
    'counter',
    'ebbtide_agent_given_up_samples_total',
    'Samples given up because neither broker nor spool could take them',
  ),
  metric(
    'waitingSamples',
    'gauge',
    'ebbtide_agent_waiting_samples',
    'Samples that wait for the broker, in memory and on disk',
  ),
  metric('spoolBytes', 'gauge', 'ebbtide_agent_spool_bytes', 'Bytes of the spool on disk'),
  metric('watched', 'gauge', 'ebbtide_agent_watched_functions', 'Functions watched'),
  metric('alive', 'gauge', 'ebbtide_agent_alive_functions', 'Functions watched that run or report now'),
  metric('acceptedLines', 'counter', 'ebbtide_agent_accepted_lines_total', 'Lines of activity taken from functions'),
  metric(
    'refusedLines',
    'counter',
    'ebbtide_agent_refused_lines_total',
    'Lines of activity refused as malformed or too many',
  ),
];

/** Metrics in Prometheus' text format, for the process that cannot afford the library. */
export const formatMetrics = (counts: AgentCounts): string =>
  agentMetrics
    .map(({ name, kind, help, of }) => `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${counts[of]}\n`)
    .join('');
