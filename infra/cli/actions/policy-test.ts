import type { Evaluation } from '../../../models/evaluation/evaluation.ts';
import { reportSubjects, type SubjectReport } from '../../../pipelines/scope/subjectReport.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { policyVersion } from '../../../schemas/policy.ts';
import type { ScopePolicy } from '../../../schemas/scopePolicy.ts';
import { archiveApiCalls } from '../../clickhouse/apiCalls.ts';
import { openArchive } from '../../clickhouse/client.ts';
import { readScopePolicyFile } from '../../replay/policyFile.ts';
import { callerJson, figuresOf, viewOf } from '../../replay/scope/view.ts';
import { addressOf } from '../connect.ts';
import type { Action } from '../invocation.ts';
import { tellEvaluation } from '../print-evaluation.ts';
import { createProgress } from '../progress.ts';
import { openScopeModel } from '../scope-model.ts';
import { type InstantOrAgo, instantOf } from '../values.ts';
import { type PolicyTest, testPreprovision } from './policy-test-preprovision.ts';

interface Options {
  readonly since: InstantOrAgo;
  readonly until?: InstantOrAgo;
  readonly pipeline: 'scope' | 'preprovision';
  readonly policy?: string;
  readonly model?: string;
  readonly html?: string;
}

const restricted = ({ changes }: SubjectReport) =>
  changes.some(({ action, withheld }) => action === 'narrow' && withheld === '');

/** Callers that one policy restricts and the other does not. */
const difference = (
  now: readonly SubjectReport[],
  then: readonly SubjectReport[],
  policy: ScopePolicy,
  configured: ScopePolicy,
): Evaluation['tables'][number] => {
  const before = new Map(then.map((report) => [report.subject, report]));
  const changed = now.filter((report) => report.narrowest !== before.get(report.subject)!.narrowest);
  return {
    title: `Policy ${policyVersion(policy)} against the configured ${policyVersion(configured)}`,
    headings: ['caller', 'configured', 'changed', 'largest risk'],
    rows: changed
      .slice(0, 50)
      .map((report) => [report.subject, before.get(report.subject)!.narrowest, report.narrowest, report.peakRisk]),
    note: `${changed.length} callers would come to another scope; ${now.filter(restricted).length} would be restricted, ${then.filter(restricted).length} by the configured policy.`,
  };
};

/** What a policy would have done to what the archive has. Nothing is put in force. */
export const run: Action<Options> = async ({ terminal, load }, options) => {
  const { config } = await load();
  const now = Date.now();
  const from = instantOf(options.since, now);
  const to = options.until ? instantOf(options.until, now) : now;
  if (from >= to) throw new EbbtideError('REQUEST_INVALID', '--since must lie before --until');
  const archive = openArchive({
    ...config.clickhouse,
    url: addressOf(config.clickhouse.url, 'clickhouse', 'clickhouse.url'),
  });
  try {
    const { policy, model, html } = options;
    const test = { terminal, config, archive, from, to, policy, model, html };
    await (options.pipeline === 'scope' ? testScope(test) : testPreprovision(test));
  } finally {
    await archive.close();
  }
};

/** What a scope policy would have done to the API calls of the archive. */
const testScope = async ({ terminal, config, archive, from, to, ...options }: PolicyTest): Promise<void> => {
  const configured = config.policy.scope;
  const policy = options.policy === undefined ? configured : readScopePolicyFile(options.policy, config.scopes);
  const model = await openScopeModel(config, options.model);
  const progress = createProgress('Testing');
  const started = performance.now();
  try {
    const source = archiveApiCalls(archive);
    const total = await source.count(from, to);
    if (total === 0)
      throw new EbbtideError(
        'DATA_MISSING',
        `The archive holds no API call between ${new Date(from).toISOString()} and ${new Date(to).toISOString()}; gateways write them to telemetry.api, and "ebbtide run archive" archives them`,
      );
    const passes = options.policy === undefined ? 1 : 2;
    const report = (of: ScopePolicy, pass: number) =>
      reportSubjects(source.calls(from, to), { policy: { ...of, maxPastMs: Number.MAX_SAFE_INTEGER }, model }, (done) =>
        progress.update(pass * total + done, passes * total, 'calls'),
      );
    const reports = await report(policy, 0);
    const then = passes > 1 ? await report(configured, 1) : undefined;
    progress.stop();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const notes = [
      `${total.toLocaleString('en')} calls of ${reports.length} callers, ${new Date(from).toISOString()} to ${new Date(to).toISOString()}; model ${model.version}. Baselines begin with the range. Nothing was put in force.`,
    ];
    const view = viewOf('policy-test', `What policy ${policyVersion(policy)} would have done`, reports, policy, notes);
    const figures = {
      ...view.figures,
      ...(then
        ? Object.fromEntries(
            Object.entries(figuresOf(then, configured)).map(([key, value]) => [
              `configured${key[0]!.toUpperCase()}${key.slice(1)}`,
              value,
            ]),
          )
        : {}),
    };
    const whole = then ? { ...view, tables: [difference(reports, then, policy, configured), ...view.tables] } : view;
    const callers = reports.filter(restricted).map(callerJson);
    await tellEvaluation(whole, { terminal, seconds, html: options.html, said: 'Tested', json: { figures, callers } });
  } finally {
    progress.stop();
    await model.close();
  }
};
