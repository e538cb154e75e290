import { type DeskView, emptyDesk } from './desk.ts';
import { Lane, type LaneLimits } from './lane.ts';
import type { Change, ControlView, Snapshot, StatusView } from './protocol.ts';

/** What a view keeps. */
export interface ViewLimits extends LaneLimits {
  /** Credentials shown at once, 1 and up. */
  readonly lanes: number;
}

const noStatus: StatusView = { parts: [], samplesPerS: 0, windowsPerS: 0, decisions: 0, credentials: 0 };

/**
 * What the console knows, in memory and bounded: kept by {@link apply} on the server and, from a snapshot on, in the page.
 *
 * @example
 * const view = new View({ historyMs: 300_000, points: 1_000, moments: 60, lanes: 500 }, control);
 * view.apply({ type: 'credential', id: 'cred-1', at: 0, credential });
 */
export class View {
  readonly lanes = new Map<string, Lane>();
  readonly limits: ViewLimits;
  control: ControlView;
  status: StatusView = noStatus;
  desk: DeskView = emptyDesk;
  /** Number of the last change that pages are told of; in a page, what its server says. */
  id = 0;

  constructor(limits: ViewLimits, control: ControlView) {
    this.limits = limits;
    this.control = control;
  }

  /**
   * Take in one change.
   *
   * @returns what else changed by it: lanes that had to make room; null when the change concerns a lane that is not kept
   */
  apply(change: Change): readonly Change[] | null {
    const gone = this.#take(change);
    if (gone) this.id += 1 + gone.length;
    return gone;
  }

  #take(change: Change): readonly Change[] | null {
    if (change.type === 'control') this.control = change.control;
    else if (change.type === 'status') this.status = change.status;
    else if (change.type === 'desk') this.desk = change.desk;
    else if (change.type === 'gone') this.lanes.delete(change.id);
    else return this.#toLane(change);
    return [];
  }

  /**
   * Forget what is older than the history.
   *
   * @returns lanes whose credential has ended so long ago that nothing of its life is left to see
   */
  prune(now: number): string[] {
    const over: string[] = [];
    for (const lane of this.lanes.values()) {
      lane.prune(now);
      const expiry = lane.life.expiryAt(now);
      if (expiry !== null && Math.max(expiry, lane.activeAt) < now - this.limits.historyMs) over.push(lane.id);
    }
    return over;
  }

  /**
   * Everything, for a page that begins.
   *
   * @param points - most scores over all lanes, so that a snapshot stays of bounded size
   */
  snapshot(now: number, demo: boolean, points = 60_000): Omit<Snapshot, 'boot'> {
    const each = Math.max(60, Math.min(this.limits.points, Math.floor(points / Math.max(1, this.lanes.size))));
    const lanes = [...this.lanes.values()].map((lane) => lane.snapshot(each));
    return {
      id: this.id,
      now,
      historyMs: this.limits.historyMs,
      demo,
      control: this.control,
      status: this.status,
      desk: this.desk,
      lanes,
    };
  }

  #toLane(change: Exclude<Change, { type: 'control' | 'status' | 'desk' | 'gone' }>): readonly Change[] | null {
    let lane = this.lanes.get(change.id);
    const gone: Change[] = [];
    if (!lane) {
      if (!opensLane(change)) return null;
      while (this.lanes.size >= this.limits.lanes) {
        const id = this.#leastInteresting();
        this.lanes.delete(id);
        gone.push({ type: 'gone', id });
      }
      lane = new Lane(change.id, this.limits);
      this.lanes.set(change.id, lane);
    }
    lane.apply(change);
    return gone;
  }

  /** Ended ones first, then whoever has been silent longest. */
  #leastInteresting(): string {
    let least: Lane | undefined;
    for (const lane of this.lanes.values()) if (!least || rank(lane) < rank(least)) least = lane;
    return least!.id;
  }
}

/** What is decided of callers' scopes, and of users for whom a credential is prepared: they have no life to draw. */
const ofNoLife: ReadonlySet<string> = new Set(['keep', 'narrow', 'widen', 'prepare', 'used', 'end']);

/** A credential that is alive, or one to which something happens, gets a lane. */
const opensLane = (change: Change): boolean =>
  (change.type === 'credential' &&
    change.credential.status !== 'ended' &&
    change.credential.expiresAt > change.at - 60_000) ||
  (change.type === 'decision' && !ofNoLife.has(change.decision.action)) ||
  (change.type === 'effect' && change.effect.outcome !== 'skipped' && !ofNoLife.has(change.effect.action));

const rank = (lane: Lane): number => (lane.credential?.status === 'ended' ? 0 : 1e15) + lane.activeAt;
