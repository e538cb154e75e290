import type { ApiTelemetry } from '../../schemas/generated/ApiTelemetry.ts';
import type { ScopeState } from '../../schemas/generated/ScopeState.ts';
import { Baseline } from './baseline.ts';
import { clientOf, hashOf, isRefusal, networkOf, traitsOf, traitsOfClient } from './operations.ts';
import { Visits } from './visits.ts';

/** How far back features look, ms. */
export const horizonMs = 1_800_000;

const nothing = new Float32Array(0);
const none: readonly [string, Float32Array] = ['', nothing];

/** The window that is open: `[start, end)`, event time. */
export interface OpenWindow {
  readonly start: number;
  readonly end: number;
  calls: number;
  bytes: number;
  /** Calls when it was assessed last before its end. */
  assessedAt: number;
  readonly byService: Map<string, number>;
}

/** A profile for the changelog, as `schemas/ScopeState.avsc` has it. */
export type SavedProfile = Pick<
  ScopeState,
  | 'visits'
  | 'window'
  | 'windowServices'
  | 'closedThrough'
  | 'windows'
  | 'baseline'
  | 'services'
  | 'seen'
  | 'carried'
  | 'modelVersion'
  | 'carriedBeside'
  | 'versionBeside'
>;

/** What is known of one frontend credential: its recent calls, the open window, its baseline, what the model carries. */
export class Profile {
  readonly visits: Visits;
  readonly baseline: Baseline;
  window: OpenWindow | undefined;
  /** End of the last window closed, epoch milliseconds; 0 before the first. */
  closedThrough: number;
  /** Windows closed. */
  windows: number;
  /** State of each model's network by its version: of the one that decides, and of one beside it. */
  #carried: ReadonlyMap<string, Float32Array>;

  constructor(saved?: SavedProfile) {
    this.visits = new Visits(saved?.visits);
    this.baseline = new Baseline(saved);
    const [start, end, calls, bytes, assessedAt] = saved?.window ?? [];
    if (end)
      this.window = {
        start: start!,
        end,
        calls: calls!,
        bytes: bytes!,
        assessedAt: assessedAt!,
        byService: new Map(Object.entries(saved!.windowServices)),
      };
    this.closedThrough = saved?.closedThrough ?? 0;
    this.windows = saved?.windows ?? 0;
    const { carried = [], modelVersion = '', carriedBeside = [], versionBeside = '' } = saved ?? {};
    this.#carried = new Map([
      [modelVersion, Float32Array.from(carried)],
      [versionBeside, Float32Array.from(carriedBeside)],
    ]);
  }

  /**
   * Take a call into the open window; where none is open, one begins. An open one must hold the call.
   *
   * @returns the window, and whether the call was refused
   * @param narrowed - whether the caller's scope is narrowed already: what the gateway denies then says nothing more
   */
  observe(
    call: ApiTelemetry,
    windowMs: number,
    narrowed: boolean,
  ): { window: OpenWindow; refused: boolean; traits: number } {
    const { time, service, operation, status, denied, errorCode } = call;
    const start = Math.floor(time / windowMs) * windowMs;
    this.window ??= { start, end: start + windowMs, calls: 0, bytes: 0, assessedAt: 0, byService: new Map() };
    const { window } = this;
    const bytes = call.requestBytes + call.responseBytes;
    window.calls++;
    window.bytes += bytes;
    window.byService.set(service, (window.byService.get(service) ?? 0) + 1);
    const refused = denied ? !narrowed : isRefusal(status, errorCode);
    const traits = traitsOf(operation) | traitsOfClient(call.userAgent);
    this.visits.add({
      service: hashOf(service),
      operation: hashOf(operation),
      time,
      bytes,
      refused: refused ? 1 : 0,
      failed: !refused && !denied && (status >= 400 || errorCode !== '') ? 1 : 0,
      traits,
      network: call.address ? hashOf(networkOf(call.address)) : 0,
      client: call.userAgent ? hashOf(clientOf(call.userAgent)) : 0,
    });
    this.baseline.observe(call);
    return { window, refused, traits };
  }

  /**
   * Close the open window.
   *
   * @param learn - whether it becomes part of what is usual
   */
  close(learn: boolean): void {
    const { window } = this;
    if (!window) return;
    this.closedThrough = window.end;
    this.windows++;
    if (learn) this.baseline.learn({ endsAt: window.end, ...window });
    this.window = undefined;
  }

  /** What a model's network carries of the credential; empty for a model that has not followed it. */
  carriedOf(version: string): Float32Array {
    return this.#carried.get(version) ?? nothing;
  }

  /**
   * Carry the states of networks on.
   *
   * @param states - by version: of the model that decides first, then of one beside it; those of others are let go
   */
  carry(states: readonly (readonly [version: string, state: Float32Array])[]): void {
    this.#carried = new Map(states);
  }

  save(): SavedProfile {
    const { window } = this;
    const [[modelVersion, carried] = none, [versionBeside, carriedBeside] = none] = [...this.#carried].filter(
      ([version]) => version !== '',
    );
    return {
      ...this.baseline.save(),
      visits: this.visits.save(),
      window: window ? [window.start, window.end, window.calls, window.bytes, window.assessedAt] : [],
      windowServices: Object.fromEntries(window?.byService ?? []),
      closedThrough: this.closedThrough,
      windows: this.windows,
      carried: [...carried],
      modelVersion,
      carriedBeside: [...carriedBeside],
      versionBeside,
    };
  }
}
