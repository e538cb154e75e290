import type { CredentialFacts } from '../../operators/decideTtl.ts';
import { VersionedTable } from '../../pipelines/versionedTable.ts';
import type { Control, Credential, Label } from '../../schemas/generated/index.ts';

/** The topics that telemetry is joined with, as they were said: filled first, then read as of any offset. */
export class HistoricTables {
  readonly control = new VersionedTable<Control>();
  readonly labels: Label[] = [];
  readonly #credentials = new Map<number, VersionedTable<CredentialFacts>>();

  credentials(partition: number): VersionedTable<CredentialFacts> {
    let table = this.#credentials.get(partition);
    if (!table) {
      table = new VersionedTable<CredentialFacts>();
      this.#credentials.set(partition, table);
    }
    return table;
  }
}

/** What decisions need of a register entry. */
export const factsOf = ({ ttlMs, maxTtlMs, issuedAt, status, function: of }: Credential): CredentialFacts => ({
  ttlMs,
  maxTtlMs,
  issuedAt,
  ended: status === 'ended',
  ...(of === '' ? {} : { function: of }),
});
