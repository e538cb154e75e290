import { reportSubjects } from '../../../pipelines/scope/subjectReport.ts';
import { EbbtideError } from '../../../schemas/errors.ts';
import { policyVersion } from '../../../schemas/policy.ts';
import { readCloudTrail } from '../../files/cloudtrail.ts';
import { readScopePolicyFile } from '../../replay/policyFile.ts';
import { callerJson, viewOf } from '../../replay/scope/view.ts';
import type { Action } from '../invocation.ts';
import { tellEvaluation } from '../print-evaluation.ts';
import { createProgress } from '../progress.ts';
import { openScopeModel } from '../scope-model.ts';

interface Options {
  readonly model?: string;
  readonly policy?: string;
  readonly html?: string;
}

/** Send CloudTrail records through the scope pipeline's chain: risk over time and decisions of each caller. */
export const run: Action<Options, [string | undefined]> = async ({ terminal, load }, options, folder) => {
  if (folder === undefined)
    throw new EbbtideError('REQUEST_INVALID', 'Name a file or a folder: ebbtide replay --from cloudtrail DIR');
  const { config } = await load();
  const policy =
    options.policy === undefined ? config.policy.scope : readScopePolicyFile(options.policy, config.scopes);
  const model = await openScopeModel(config, options.model);
  const progress = createProgress('Replaying');
  const started = performance.now();
  try {
    const read = await readCloudTrail(folder, (done, total) => progress.update(done, total, 'files read'));
    const { calls } = read;
    // A record is as old as it is: of the past nothing is implausible
    const lenient = { ...policy, maxPastMs: Number.MAX_SAFE_INTEGER };
    const reports = await reportSubjects(calls, { policy: lenient, model }, (done) =>
      progress.update(done, calls.length, 'calls'),
    );
    progress.stop();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const notes = [
      `${calls.length.toLocaleString('en')} calls of ${reports.length} callers out of ${read.files} files, ${new Date(calls[0]!.time).toISOString()} to ${new Date(calls.at(-1)!.time).toISOString()}.`,
      `Model ${model.version}, policy ${policyVersion(policy)}: what the scope pipeline would have decided. Nothing was enforced, so calls after a restriction stand as they were.`,
      ...(read.passedOver > 0 ? [`${read.passedOver} things in the files are no record of a call.`] : []),
      ...read.unreadable.map(({ file, why }) => `${file} could not be read: ${why}`),
    ];
    const view = viewOf('scope-cloudtrail', `CloudTrail records in ${folder}`, reports, policy, notes);
    const json = { figures: view.figures, callers: reports.map(callerJson), notes };
    await tellEvaluation(view, { terminal, seconds, html: options.html, said: 'Replayed', json });
  } finally {
    progress.stop();
  }
};
