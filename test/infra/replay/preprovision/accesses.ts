import { accessRecord } from '../../../../infra/agents/access/reading.ts';
import type { AccessLog } from '../../../../infra/clickhouse/accessLog.ts';
import { pairOf } from '../../../../models/access/population.ts';
import type { SaidRisk } from '../../../../operators/preprovision/toldRisks.ts';
import { VersionedTable } from '../../../../pipelines/versionedTable.ts';
import type { AccessTelemetry, Control } from '../../../../schemas/generated/index.ts';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
/** A Monday. */
export const t0 = Date.UTC(2026, 0, 5);

/** Somebody who comes to a machine each day of some days at the same time, milliseconds of the day. */
export const daily = (user: string, vm: string, days: number, atMs: number, first = t0): AccessTelemetry[] =>
  Array.from({ length: days }, (_, day) =>
    accessRecord({ user, vm, kind: 'vmAccess', time: first + day * dayMs + atMs }),
  );

/** Accesses as the archive has them, all in one partition. */
export const logOf = (
  records: readonly AccessTelemetry[],
  {
    risks = [],
    control = [],
  }: {
    readonly risks?: readonly { readonly user: string; readonly said: SaidRisk }[];
    readonly control?: readonly Control[];
  } = {},
): AccessLog => {
  const sorted = [...records].sort((a, b) => a.time - b.time);
  const within = (from: number, to: number) => sorted.filter(({ time }) => time >= from && time < to);
  return {
    async extent(from, to, accessesFrom) {
      const all = within(from, to);
      return {
        pairs: new Set(all.map(({ user, vm }) => pairOf(user, vm))).size,
        busiestDay: all.length,
        accesses: within(accessesFrom, to).filter(({ user }) => user !== '').length,
      };
    },
    async records({ fromMs, toMs, oneIn }, visit) {
      const users = [...new Set(sorted.map(({ user }) => user))].sort();
      for (const record of within(fromMs, toMs)) if (users.indexOf(record.user) % oneIn === 0) visit(0, record);
    },
    async risks({ fromMs, toMs }, visit) {
      for (const { user, said } of risks) if (said.windowEnd >= fromMs && said.windowEnd < toMs) visit(user, said);
    },
    async control() {
      const table = new VersionedTable<Control>();
      control.forEach((one, offset) => {
        table.set(one.key, offset, one);
      });
      return table;
    },
  };
};
