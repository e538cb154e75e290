import { calendarOf, hourMs } from '../../../models/access/calendar.ts';
import { hourOf } from '../../../models/access/history.ts';
import type { AccessRecord } from '../../../models/access/records.ts';
import type { InputMessage } from '../../../operators/batch.ts';
import type { AccessItem } from '../../../operators/preprovision/batch.ts';
import { accessItems } from '../../../operators/preprovision/decodeAccess.ts';
import {
  ComparePreparations,
  type PreparationComparison,
} from '../../../pipelines/preprovision/comparePreparations.ts';
import { AccessReplay } from '../../../pipelines/preprovision/replayAccesses.ts';
import { EbbtideError, isEbbtideError } from '../../../schemas/errors.ts';
import type { PreprovisionPolicy } from '../../../schemas/preprovisionPolicy.ts';
import type { AccessLog } from '../../clickhouse/accessLog.ts';
import { type AccessInForce, asRecorded } from '../../jobs/accessModels.ts';
import type { TrialWish } from '../trial.ts';
import { pastStandings } from './standings.ts';

/** How much may be tried. */
export interface ProvisioningLimits {
  /** Pairs times hours that are foreseen; of more, so many users are left out. @default 1000000 */
  readonly mostPairHours?: number;
  /** Records of a day, which are held in memory; of more, so many users are left out. @default 200000 */
  readonly mostRecordsADay?: number;
  /** Milliseconds after which it is cut short, once a day has been decided. @default 120000 */
  readonly mostMs?: number;
  /** Differing decisions that are kept. @default 60 */
  readonly mostListed?: number;
  /** Milliseconds of a clock that never goes back. @default performance.now */
  readonly now?: () => number;
}

/** What came of it. */
export interface ProvisioningPreview extends PreparationComparison {
  /** Version of the model that foresaw, and the time zone whose calendar it goes by. */
  readonly model: string;
  readonly zone: string;
  /** One user in so many was tried; 1 is all. */
  readonly oneIn: number;
  /** Accesses of users that were looked at, of those within the range. */
  readonly accesses: number;
  /** Records that the chain would not have taken, and left out here too. */
  readonly rejected: number;
  /** First and last time that was decided upon, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Where time ran out before the end, epoch milliseconds; null where it did not. */
  readonly cutAt: number | null;
}

/** Tries a policy of pre-provisioning on the past. */
export type PreviewProvisioning = (wish: TrialWish<PreprovisionPolicy>) => Promise<ProvisioningPreview>;

/** Read before the range, so that habits are learned: as long as hours are remembered one by one. */
const warmUpMs = 14 * 86_400_000;
const dayMs = 86_400_000;

type EventItem = Exclude<AccessItem, { readonly kind: 'clock' }>;
const byTime = (a: EventItem, b: EventItem): number => a.event.timeMs - b.event.timeMs;
const archived: InputMessage = { offset: 0, timestamp: 0, key: null, value: null };

/**
 * Tries policies of pre-provisioning on the accesses of the archive, by the operators of the preprovision pipeline, partition by
 * partition: two weeks before the range are foreseen too, so that habits are known. Accesses come as they happened, as if each had
 * been told at once; risks and kill switches count as they were then; the model is the one in force now. Nothing is put in force.
 *
 * @param model - opens what foresees; it is closed at the end
 * @returns throws `DATA_MISSING` where nobody came
 */
export const openProvisioningPreview =
  (
    source: AccessLog,
    model: () => Promise<AccessInForce>,
    {
      mostPairHours = 1_000_000,
      mostRecordsADay = 200_000,
      mostMs = 120_000,
      mostListed = 60,
      now = () => performance.now(),
    }: ProvisioningLimits = {},
  ): PreviewProvisioning =>
  async ({ policy, inForce, stopping, progressed, ...range }) => {
    const [from, to] = [Math.floor(range.from), Math.floor(range.to)];
    const abort = new AbortController();
    const listening = stopping.subscribe(() => abort.abort());
    const firstHour = hourOf(from - warmUpMs);
    const lastHour = hourOf(to - 1);
    let opened: AccessInForce | undefined;
    try {
      const begun = now();
      const extent = await source.extent(firstHour * hourMs, to, from, abort.signal);
      if (extent.accesses === 0)
        throw new EbbtideError(
          'DATA_MISSING',
          'The archive holds no access of this time; collectors write them, see ebbtide serve collector',
        );
      const pairHours = extent.pairs * (lastHour - firstHour + 1);
      const oneIn = Math.ceil(Math.max(1, pairHours / mostPairHours, extent.busiestDay / mostRecordsADay));
      opened = await model();
      const { zone, version } = opened;
      const standings = pastStandings(await source.control());
      const options = {
        ...{ calendar: calendarOf(zone), model: asRecorded(opened), policies: [policy, inForce] },
        standing: standings.standing,
      };
      const comparison = new ComparePreparations(from, mostListed);
      const partitions = new Map<number, AccessReplay>();
      let [accesses, rejected] = [0, 0];
      let cutAt: number | null = null;
      /** @param end - where nothing begins any more, as nobody would be seen to come */
      const take = async (
        timeMs: number,
        hour: ReadonlyMap<number, EventItem[]>,
        end = Number.POSITIVE_INFINITY,
      ): Promise<void> => {
        standings.pass(timeMs);
        for (const partition of hour.keys())
          if (!partitions.has(partition))
            partitions.set(partition, new AccessReplay({ ...options, firstHour: hourOf(timeMs) }));
        for (const [partition, replay] of partitions)
          comparison.add(await replay.take(timeMs, (hour.get(partition) ?? []).sort(byTime)), end);
      };
      /** Of each hour, the items of each partition; what a record says of later goes to its own hour. */
      const hours = new Map<number, Map<number, EventItem[]>>();
      const note = (partition: number, record: AccessRecord): void => {
        for (const item of itemsOf(record)) {
          const { kind, timeMs } = item.event;
          if (timeMs >= from && item.kind === 'event' && kind === 'access') accesses++;
          const lists = hours.get(hourOf(timeMs)) ?? new Map<number, EventItem[]>();
          const items = lists.get(partition) ?? [];
          items.push(item);
          hours.set(hourOf(timeMs), lists.set(partition, items));
        }
      };
      const itemsOf = (record: AccessRecord): EventItem[] => {
        try {
          return accessItems({ ...record, clock: null }, archived).filter((item) => item.kind !== 'clock');
        } catch (error) {
          if (!isEbbtideError(error)) throw error;
          rejected++;
          return [];
        }
      };
      for (let day = firstHour; day <= lastHour && cutAt === null; day += 24) {
        const slice = { fromMs: day * hourMs, toMs: Math.min((day + 24) * hourMs, to), oneIn };
        await source.records(slice, note, abort.signal);
        await source.risks(slice, standings.say, abort.signal);
        for (let hour = day; hour < day + 24 && hour <= lastHour; hour++) {
          if (abort.signal.aborted) throw new EbbtideError('CANCELLED', 'Another draft is being tried');
          if (hour * hourMs >= from + dayMs && now() - begun > mostMs) {
            cutAt = hour * hourMs;
            break;
          }
          await take(hour * hourMs, hours.get(hour) ?? new Map());
          hours.delete(hour);
          progressed(hour - firstHour, lastHour - firstHour + 1);
        }
      }
      const end = cutAt ?? to;
      await take(end, new Map(), end);
      return {
        ...comparison.finish(end),
        ...{ model: version, zone, oneIn, accesses, rejected, from, to: end, cutAt },
      };
    } catch (error) {
      if (abort.signal.aborted && !isEbbtideError(error, 'CANCELLED'))
        throw new EbbtideError('CANCELLED', 'Another draft is being tried', {}, error);
      throw error;
    } finally {
      listening.unsubscribe();
      await opened?.close();
    }
  };
