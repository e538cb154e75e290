import type { AuditEvent } from '../../../schemas/generated/AuditEvent.ts';
import { Newest } from '../../newest.ts';
import { type ActionEntry, type ActionFilter, type ActionPage, fitsAction, foldAction } from '../view/action.ts';
import type { ArchiveWatch } from './archiveWatch.ts';

/** Actions kept in memory, the newest by when they were asked for; the archive has the others. */
export const remembered = 5_000;

/**
 * What people did: of late out of memory, where topic `actions` is heard live, and before that out of the archive. An
 * action is in one of both by when it was asked for, so that pages fit together.
 */
export class ActionRecord {
  readonly #live: Newest<ActionEntry>;
  readonly #archive: ArchiveWatch;
  /** Whatever was asked for before this is the archive's. */
  #since = 0;
  version = 0;

  /** @param most - actions kept in memory, 1 and up */
  constructor(archive: ArchiveWatch, most = remembered) {
    this.#archive = archive;
    this.#live = new Newest(most);
  }

  get size(): number {
    return this.#live.size;
  }

  /** An event came from the topic. */
  take(event: AuditEvent): void {
    const entry = foldAction(this.#live.get(event.actionId), event);
    const gone = this.#live.set(event.actionId, entry, entry.at);
    this.version += 1;
    if (gone !== undefined) this.#since = Math.max(this.#since, gone + 1);
  }

  /** One page of those that fit, the newest first. Without an archive that answers, of those in memory. */
  async find(filter: ActionFilter, offset: number, limit: number): Promise<ActionPage> {
    const kept = this.#live.values();
    const since = this.#since === 0 ? (kept.at(-1)?.at ?? 0) : this.#since;
    const fitting = kept
      .filter((entry) => fitsAction(entry, filter))
      .sort((left, right) => right.at - left.at || (left.actionId < right.actionId ? -1 : 1));
    const live = fitting.filter((entry) => entry.at >= since);
    const older = { ...filter, to: since === 0 ? filter.to : Math.min(filter.to, since) };
    const archived = await this.#archive.attempt(async (archive) => ({
      total: await archive.countActions(older),
      entries:
        offset + limit > live.length
          ? await archive.readActions(
              older,
              Math.max(0, offset - live.length),
              offset + limit - Math.max(live.length, offset),
            )
          : [],
    }));
    if (!archived)
      return { total: fitting.length, offset, entries: fitting.slice(offset, offset + limit), archived: false };
    return {
      total: live.length + archived.total,
      offset,
      entries: [...live.slice(offset, offset + limit), ...archived.entries],
      archived: true,
    };
  }
}
