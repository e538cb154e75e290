import { isEbbtideError } from '../../schemas/errors.ts';
import type { TransportResponse } from './transport.ts';

/** What is known of Vault and of our token with it. */
export interface VaultHealth {
  /** Vault serves, and serves us. */
  readonly ready: boolean;
  readonly reachable: boolean;
  readonly sealed: boolean;
  readonly standby: boolean;
  readonly version: string;
  /** Whether Vault accepts our token now. */
  readonly tokenValid: boolean;
  /** Remaining life of our token, milliseconds; null when unknown or without end. */
  readonly tokenRemainingMs: number | null;
  /** For people; without secrets. */
  readonly detail: string;
}

interface SysHealth {
  readonly initialized?: boolean;
  readonly sealed?: boolean;
  readonly standby?: boolean;
  readonly version?: string;
}

/**
 * Ask Vault for its state and whether our token is good. `sys/health` alone still says 200 after quorum is lost and
 * never knows whether a token has ended, so the token is looked up too.
 */
export const readVaultHealth = async (
  ask: (path: string) => Promise<TransportResponse>,
  lookup: (path: string) => Promise<{ readonly data: unknown }>,
): Promise<VaultHealth> => {
  const nothing = {
    ready: false,
    reachable: false,
    sealed: false,
    standby: false,
    version: '',
    tokenValid: false,
    tokenRemainingMs: null,
  };
  let state: SysHealth;
  try {
    const answer = await ask('sys/health?standbyok=true&perfstandbyok=true');
    state = (answer.body ?? {}) as SysHealth;
  } catch (error) {
    return { ...nothing, detail: messageOf(error) };
  }
  const known = {
    ...nothing,
    reachable: true,
    sealed: state.sealed ?? true,
    standby: state.standby ?? false,
    version: state.version ?? '',
  };
  if (state.initialized === false) return { ...known, detail: 'Vault is not initialised' };
  if (known.sealed) return { ...known, detail: 'Vault is sealed' };
  try {
    const { data } = await lookup('auth/token/lookup-self');
    const ttlS = (data as { ttl?: number } | undefined)?.ttl ?? 0;
    const tokenRemainingMs = ttlS > 0 ? ttlS * 1000 : null;
    return {
      ...known,
      ready: true,
      tokenValid: true,
      tokenRemainingMs,
      detail: `Vault ${known.version} serves, and accepts our token`,
    };
  } catch (error) {
    if (isEbbtideError(error, 'VAULT_FORBIDDEN')) return { ...known, detail: 'Vault refuses our token' };
    return { ...known, detail: messageOf(error) };
  }
};

const messageOf = (error: unknown): string => (isEbbtideError(error) ? error.message : 'Vault gave no answer');
