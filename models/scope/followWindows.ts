import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import { scopeVector } from './features.ts';
import { Profile } from './profile.ts';

/** A window of a credential that has closed: `[start, end)`, event time. */
export interface ClosedWindow {
  readonly start: number;
  readonly end: number;
  /** As `scopeVector` makes it. */
  readonly vector: Float64Array;
}

/**
 * Follows credentials call by call as the pipeline does, and makes the vector of each window when it closes. Baselines
 * learn every window: one that knew the verdict would give it away.
 */
export class WindowFollower {
  readonly #windowMs: number;
  readonly #closed: (subject: string, window: ClosedWindow) => void;
  readonly #profiles = new Map<string, Profile>();

  /** @param closed - told of each window, by credential in the order of time */
  constructor(windowMs: number, closed: (subject: string, window: ClosedWindow) => void) {
    this.#windowMs = windowMs;
    this.#closed = closed;
  }

  /** Credentials followed. */
  get size(): number {
    return this.#profiles.size;
  }

  has(subject: string): boolean {
    return this.#profiles.has(subject);
  }

  /** Take the next call; those of one credential come in the order of their times. */
  take(call: ApiTelemetry): void {
    const { frontendCredential: subject, time } = call;
    let profile = this.#profiles.get(subject);
    if (!profile) {
      profile = new Profile();
      this.#profiles.set(subject, profile);
    }
    if (profile.window && time >= profile.window.end) this.#close(subject, profile);
    if (time < profile.closedThrough) return;
    profile.observe(call, this.#windowMs, false);
  }

  /** Close what is open. */
  finish(): void {
    for (const [subject, profile] of this.#profiles) if (profile.window) this.#close(subject, profile);
  }

  #close(subject: string, profile: Profile): void {
    const { start, end } = profile.window!;
    this.#closed(subject, { start, end, vector: scopeVector(profile, end) });
    profile.close(true);
  }
}
