import { MemoryRegistry } from '../../schemas/registry.ts';
import { openAccessModel } from '../cli/access-model.ts';
import { openScopeModel } from '../cli/scope-model.ts';
import { archiveAccessLog } from '../clickhouse/accessLog.ts';
import { archiveApiCalls } from '../clickhouse/apiCalls.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { archiveGrantedKeys } from '../clickhouse/grantedKeys.ts';
import { shownKeys, shownLifecycle, shownScope } from '../console/policies/shown.ts';
import { shownProvisioning } from '../console/policies/shownProvisioning.ts';
import { createLogger } from '../log.ts';
import { openKeyPreview } from './keylife/preview.ts';
import { openProvisioningPreview } from './preprovision/preview.ts';
import { openPreview } from './preview.ts';
import { openScopePreview } from './scope/preview.ts';
import type { TrialConfig } from './threadedTrial.ts';
import type { Trials } from './trial.ts';

/**
 * What the archive lags behind at most: a trial reads API calls twice, and must read the same; the scores of keys come later
 * than the keys.
 */
const settledMs = 60_000;
const settled = ({ from, to }: { readonly from: number; readonly to: number }) => ({
  from: from - settledMs,
  to: to - settledMs,
});

/** Policies that are tried on the archive's rows. All of it, reading too, is work for a thread of its own: `trialThread.ts`. */
export const archiveTrials = (archive: ClickHouseArchive, config: TrialConfig): Required<Trials> => {
  const { models, keyhost } = config;
  const { cluster } = config.archive;
  const lifecycle = openPreview({
    // Messages are rebuilt in schemas of now, which need be known here alone
    registry: new MemoryRegistry(),
    ...{ models, archive, cluster, model: config.lifecycle.model, log: createLogger('replay') },
  });
  const scope = openScopePreview(archiveApiCalls(archive), () => openScopeModel(config));
  const keys = openKeyPreview(archiveGrantedKeys(archive), keyhost);
  const provisioning = openProvisioningPreview(archiveAccessLog(archive, cluster), () => openAccessModel(config));
  return {
    async lifecycle(wish) {
      return shownLifecycle(await lifecycle(wish), wish.to);
    },
    async scope(wish) {
      const span = settled(wish);
      return shownScope(await scope({ ...wish, ...span }), { draft: wish.policy, inForce: wish.inForce }, span.to);
    },
    async keylife(wish) {
      const span = settled(wish);
      return shownKeys(await keys({ ...wish, ...span }), span);
    },
    async preprovision(wish) {
      const span = settled(wish);
      const policies = { draft: wish.policy, inForce: wish.inForce };
      return shownProvisioning(await provisioning({ ...wish, ...span }), policies, span);
    },
  };
};
