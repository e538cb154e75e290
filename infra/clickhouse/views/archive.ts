import type { ClickHouseArchive } from '../client.ts';
import { keysView } from './keys.ts';
import { modelHealth } from './models.ts';
import { provisioningView } from './provisioning.ts';
import { scopeView } from './scope.ts';

/** Sums of the archive between two times, epoch milliseconds, for one page each. */
export const viewArchive = (archive: ClickHouseArchive) => ({
  scope: (fromMs: number, toMs: number) => scopeView(archive, fromMs, toMs),
  provisioning: (fromMs: number, toMs: number) => provisioningView(archive, fromMs, toMs),
  keys: (fromMs: number, toMs: number) => keysView(archive, fromMs, toMs),
  models: (fromMs: number, toMs: number) => modelHealth(archive, fromMs, toMs),
});

/** See {@link viewArchive}. */
export type ViewArchive = ReturnType<typeof viewArchive>;
