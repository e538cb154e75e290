import { NEVER } from 'rxjs';
import { archiveAccessLog } from '../../clickhouse/accessLog.ts';
import type { ClickHouseArchive } from '../../clickhouse/client.ts';
import type { Config } from '../../config/config.ts';
import { loadForZone, statistics } from '../../jobs/accessModels.ts';
import { readPreprovisionPolicyFile } from '../../replay/policyFile.ts';
import { openProvisioningPreview } from '../../replay/preprovision/preview.ts';
import { provisioningReport } from '../../replay/preprovision/view.ts';
import { openAccessModel } from '../access-model.ts';
import { clusterOf } from '../connect.ts';
import { tellEvaluation } from '../print-evaluation.ts';
import { createProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';

/** What is tried, over which part of the archive. */
export interface PolicyTest {
  readonly terminal: Terminal;
  readonly config: Config;
  readonly archive: ClickHouseArchive;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly policy?: string | undefined;
  readonly model?: string | undefined;
  readonly html?: string | undefined;
}

/** Nobody waits for a page here: everybody is tried, however long it takes. */
const unlimited = {
  mostPairHours: Number.POSITIVE_INFINITY,
  mostRecordsADay: Number.POSITIVE_INFINITY,
  mostMs: Number.POSITIVE_INFINITY,
  mostListed: 100_000,
};

/** What a policy of pre-provisioning would have prepared of the accesses of the archive. Nothing is put in force. */
export const testPreprovision = async (test: PolicyTest): Promise<void> => {
  const { terminal, config, archive, from, to, html } = test;
  const inForce = config.policy.preprovision;
  const policy = test.policy === undefined ? inForce : readPreprovisionPolicyFile(test.policy);
  const model = async () => {
    if (test.model === undefined) return openAccessModel(config);
    return test.model === 'statistics' ? statistics(inForce.timeZone) : loadForZone(test.model);
  };
  const progress = createProgress('Testing');
  const started = performance.now();
  try {
    const preview = await openProvisioningPreview(
      archiveAccessLog(archive, clusterOf(config)),
      model,
      unlimited,
    )({
      ...{ policy, inForce, from, to, stopping: NEVER },
      progressed: (done, all) => progress.update(done, all, 'hours'),
    });
    progress.stop();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const report = provisioningReport(preview, { draft: policy, inForce });
    const { users, differences } = preview;
    const json = { figures: report.figures, users, differences };
    await tellEvaluation(report, { terminal, seconds, html, said: 'Tested', json });
  } finally {
    progress.stop();
  }
};
