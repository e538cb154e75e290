import { openScopeModel } from '../cli/scope-model.ts';
import { archiveApiCalls } from '../clickhouse/apiCalls.ts';
import type { ClickHouseArchive } from '../clickhouse/client.ts';
import { archiveGrantedKeys } from '../clickhouse/grantedKeys.ts';
import type { Config } from '../config/config.ts';
import { shownKeys, shownScope } from '../console/policies/shown.ts';
import { openKeyPreview } from './keylife/preview.ts';
import { openScopePreview } from './scope/preview.ts';
import type { Trials } from './trial.ts';

/** What trials need of the configuration, as plain data. */
export type TrialConfig = Pick<Config, 'models' | 'scope' | 'keyhost'>;

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
export const archiveTrials = (
  archive: ClickHouseArchive,
  config: TrialConfig,
): Required<Pick<Trials, 'scope' | 'keylife'>> => {
  const scope = openScopePreview(archiveApiCalls(archive), () => openScopeModel(config));
  const keys = openKeyPreview(archiveGrantedKeys(archive), config.keyhost);
  return {
    async scope(wish) {
      const span = settled(wish);
      return shownScope(await scope({ ...wish, ...span }), { draft: wish.policy, inForce: wish.inForce }, span.to);
    },
    async keylife(wish) {
      const span = settled(wish);
      return shownKeys(await keys({ ...wish, ...span }), span);
    },
  };
};
