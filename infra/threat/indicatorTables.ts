import type { ThreatIndicators } from '../../schemas/generated/index.ts';
import type { ThreatMatch } from '../../schemas/threat.ts';
import { type CallTraits, FeedTable } from './feedTable.ts';

/** More would tell nothing more. */
const maxMatches = 16;

interface Building {
  readonly version: string;
  readonly table: FeedTable;
  parts: number;
}

/**
 * The indicators in force, out of the records of topic `threat-indicators` in their order. A version comes in force as
 * a whole, with its head; until then, and for ever where parts are missing, the one before stays.
 */
export class IndicatorTables {
  readonly #inForce = new Map<string, { readonly version: string; readonly table: FeedTable }>();
  readonly #building = new Map<string, Building>();

  get size(): number {
    let size = 0;
    for (const { table } of this.#inForce.values()) size += table.size;
    return size;
  }

  /**
   * Take in a record.
   *
   * @returns what is missing where a head comes without all of its parts; else undefined
   */
  apply(record: ThreatIndicators): string | undefined {
    return record.part < 0 ? this.#head(record) : this.#part(record);
  }

  /** Take in a tombstone: of a head, and the feed is out of force; of a part, and nothing changes. */
  remove(key: string): void {
    if (this.#inForce.delete(key)) this.#building.delete(key);
  }

  /**
   * What a call matches of all feeds, the most confident first, 16 matches at most. Some microseconds.
   *
   * @param atMs - when the call arrived, epoch milliseconds: what has ended by then does not count
   */
  matches(traits: CallTraits, atMs: number): ThreatMatch[] {
    const found: ThreatMatch[] = [];
    for (const { table } of this.#inForce.values()) found.push(...table.matches(traits, atMs));
    if (found.length > 1) found.sort((a, b) => b.confidence - a.confidence);
    return found.length > maxMatches ? found.slice(0, maxMatches) : found;
  }

  #part({ feed, version, part, indicators }: ThreatIndicators): undefined {
    if (this.#inForce.get(feed)?.version === version) return;
    let building = this.#building.get(feed);
    if (part === 0) {
      building = { version, table: new FeedTable(feed), parts: 0 };
      this.#building.set(feed, building);
    }
    if (building?.version !== version || building.parts !== part) return;
    for (const indicator of indicators) building.table.add(indicator);
    building.parts++;
  }

  #head({ feed, version, parts, total }: ThreatIndicators): string | undefined {
    if (this.#inForce.get(feed)?.version === version) return undefined;
    const building = this.#building.get(feed);
    if (building?.version !== version || building.parts !== parts || building.table.size !== total)
      return `Version ${version} of feed ${feed} came without all of its ${parts} parts`;
    this.#building.delete(feed);
    this.#inForce.set(feed, { version, table: building.table });
    return undefined;
  }
}
