import type { ClickHouseArchive } from '../client.ts';
import { accessView } from './access.ts';
import { keysView } from './keys.ts';
import { modelHealth } from './models.ts';
import { provisioningView } from './provisioning.ts';
import { scopeView } from './scope.ts';

/**
 * Sums of the archive between two times, epoch milliseconds, for one page each.
 *
 * @param zone - IANA name of the zone whose days and hours profiles are told by
 */
export const viewArchive = (archive: ClickHouseArchive, zone = 'UTC') => ({
  scope: (fromMs: number, toMs: number) => scopeView(archive, fromMs, toMs),
  provisioning: (fromMs: number, toMs: number) => provisioningView(archive, fromMs, toMs),
  access: (user: string, fromMs: number, toMs: number) => accessView(archive, user, fromMs, toMs, zone),
  keys: (fromMs: number, toMs: number) => keysView(archive, fromMs, toMs),
  models: (fromMs: number, toMs: number) => modelHealth(archive, fromMs, toMs),
});

/** See {@link viewArchive}. */
export type ViewArchive = ReturnType<typeof viewArchive>;
