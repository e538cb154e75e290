import type { ClickHouseArchive } from './client.ts';
import { streamRows } from './rows.ts';

/** A key as it was granted when its user signed in. */
export interface GrantedKey {
  readonly credentialId: string;
  /** Pseudonym. */
  readonly user: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly ttlMs: number;
  /** Whether Vault can revoke it. */
  readonly revocable: boolean;
  /** Risk, 0 to 1, that it was granted on; null where nothing was compared. */
  readonly risk: number | null;
  /** Verifiers that the risk rests on. */
  readonly heard: readonly string[];
}

/** Keys that users were granted, by the archive. */
export interface GrantedKeyArchive {
  /**
   * Give each key that was granted at a sign-in between two times, epoch milliseconds; not those in place of another.
   *
   * @param most - of more, the latest
   */
  each(
    fromMs: number,
    toMs: number,
    most: number,
    visit: (key: GrantedKey) => void,
    signal?: AbortSignal,
  ): Promise<void>;
}

const longestSeconds = 60;

/** The first key of a session bears the session's name; its score is of the moment of its issue. */
const query = `WITH granted AS (
  SELECT credential_id, argMin(instance, kafka_time) AS user, min(credentials_history.issued_at) AS issued,
    argMin(ttl_ms, kafka_time) AS ttl, argMin(shortening, kafka_time) = 'revocable' AS revocable
  FROM credentials_history
  WHERE startsWith(credential_id, 'key-') AND event = credential_id AND NOT deleted
    AND credentials_history.issued_at >= fromUnixTimestamp64Milli({from:Int64})
    AND credentials_history.issued_at < fromUnixTimestamp64Milli({to:Int64})
  GROUP BY credential_id ORDER BY issued DESC LIMIT {most:UInt32}
)
SELECT granted.credential_id, granted.user, toUnixTimestamp64Milli(granted.issued), granted.ttl, granted.revocable,
  if(empty(compared.heard), NULL, compared.score), compared.heard
FROM granted LEFT ANY JOIN (
  SELECT subject, window_end, score, contributions.feature AS heard FROM scores
  WHERE pipeline = 'keylife' AND role = 'champion' AND (subject, window_end) IN (SELECT credential_id, issued FROM granted)
) AS compared ON compared.subject = granted.credential_id AND compared.window_end = granted.issued
ORDER BY granted.issued, granted.credential_id`;

/**
 * Read which keys were granted: the register has them, and scores the risk that each was granted on.
 *
 * @throws {EbbtideError} from its method: `CLICKHOUSE_UNAVAILABLE`, `CLICKHOUSE_REJECTED`, `CANCELLED`
 */
export const archiveGrantedKeys = (archive: ClickHouseArchive): GrantedKeyArchive => ({
  each: (from, to, most, visit, signal) =>
    streamRows(
      archive,
      'keys',
      query,
      { from: Math.floor(from), to: Math.ceil(to), most },
      ([credentialId, user, issuedAt, ttlMs, revocable, risk, heard]) =>
        visit({ credentialId, user, issuedAt, ttlMs, revocable: Boolean(revocable), risk, heard } as GrantedKey),
      signal,
      longestSeconds,
    ),
});
