import type { AuditEvent } from '../../../schemas/generated/AuditEvent.ts';
import { type ActionEntry, type ActionFilter, type ActionPage, fitsAction, foldAction } from '../view/action.ts';
import type { ArchiveWatch } from './archiveWatch.ts';

/** Actions kept in memory, the newest; the archive has the others. */
export const remembered = 5_000;

/**
 * What people did: of late out of memory, where topic `actions` is heard live, and before that out of the archive. An
 * action is in one of both by when it was asked for, so that pages fit together.
 */
export class ActionRecord {
  readonly #live = new Map<string, ActionEntry>();
  readonly #archive: ArchiveWatch;
  readonly #most: number;
  /** Whatever was asked for before this is the archive's. */
  #since = 0;
  version = 0;

  /** @param most - actions kept in memory, 1 and up */
  constructor(archive: ArchiveWatch, most = remembered) {
    this.#archive = archive;
    this.#most = most;
  }

  get size(): number {
    return this.#live.size;
  }

  /** An event came from the topic. */
  take(event: AuditEvent): void {
    this.#live.set(event.actionId, foldAction(this.#live.get(event.actionId), event));
    this.version += 1;
    if (this.#live.size <= this.#most) return;
    const [id, oldest] = this.#live.entries().next().value!;
    this.#live.delete(id);
    this.#since = Math.max(this.#since, oldest.at + 1);
  }

  /** One page of those that fit, the newest first. Without an archive that answers, of those in memory. */
  async find(filter: ActionFilter, offset: number, limit: number): Promise<ActionPage> {
    let since = this.#since;
    if (since === 0) for (const { at } of this.#live.values()) since = since === 0 ? at : Math.min(since, at);
    const live = [...this.#live.values()]
      .filter((entry) => entry.at >= since && fitsAction(entry, filter))
      .sort((left, right) => right.at - left.at || (left.actionId < right.actionId ? -1 : 1));
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
    return {
      total: live.length + (archived?.total ?? 0),
      offset,
      entries: [...live.slice(offset, offset + limit), ...(archived?.entries ?? [])],
      archived: archived !== undefined,
    };
  }
}
