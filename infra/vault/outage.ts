import { setTimeout as sleep } from 'node:timers/promises';
import type { VaultHealth } from './health.ts';
import { jitteredBackoffMs, type RetryPolicy } from './retry.ts';

/** How an {@link Outage} finds out, and whom it tells. */
export interface OutageOptions {
  readonly health: () => Promise<VaultHealth>;
  readonly backoff: Pick<RetryPolicy, 'backoffMs' | 'maxBackoffMs'>;
  /** Time after which `onLong` is called once, milliseconds. */
  readonly longMs: number;
  readonly onLong: (detail: string) => void;
  /** Called once Vault serves us again, after `onLong` was. */
  readonly onBack?: () => void;
  readonly signal: AbortSignal;
}

/**
 * Whether Vault serves us. While it does not, one probe asks for all, so that nothing hammers a Vault that is coming
 * back, and everybody waits in {@link whenUp}.
 */
export class Outage {
  readonly #options: OutageOptions;
  #up: Promise<void> | undefined;
  #detail = '';

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** Why Vault does not serve us; empty while it does. */
  get detail(): string {
    return this.#up ? this.#detail : '';
  }

  /** Resolves once Vault serves us; rejects when we are stopping. */
  async whenUp(): Promise<void> {
    this.#options.signal.throwIfAborted();
    while (this.#up) await this.#up;
  }

  /** A request failed in a way that may concern all of them: find out. */
  suspect(detail: string): void {
    if (this.#up) return;
    this.#detail = detail;
    const probing = this.#probe().finally(() => {
      this.#up = undefined;
    });
    probing.catch(() => {});
    this.#up = probing;
  }

  async #probe(): Promise<void> {
    const { health, backoff, longMs, onLong, onBack, signal } = this.#options;
    const began = performance.now();
    let told = false;
    for (let attempt = 1; ; attempt++) {
      const found = await health();
      if (found.ready) {
        if (told) onBack?.();
        return;
      }
      this.#detail = found.detail;
      if (!told && performance.now() - began >= longMs) {
        told = true;
        onLong(found.detail);
      }
      await sleep(jitteredBackoffMs({ retries: 0, ...backoff }, attempt), undefined, { signal });
    }
  }
}
