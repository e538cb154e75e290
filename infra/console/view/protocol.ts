import type { Alert } from '../../../schemas/generated/Alert.ts';
import type { Credential } from '../../../schemas/generated/Credential.ts';
import type { Decision, Mode } from '../../../schemas/generated/Decision.ts';
import type { Effect } from '../../../schemas/generated/Effect.ts';
import type { Label } from '../../../schemas/generated/Label.ts';
import type { Score } from '../../../schemas/generated/Score.ts';
import type { DeskView } from './desk.ts';

/** What the page is told of a credential: never what Vault calls it. */
export type CredentialView = Omit<Credential, 'reference' | 'mount' | 'entityId'>;

/** Something that the demonstration's functions saw, e.g. that Vault refused a request. */
export interface DemoEvent {
  readonly credentialId: string;
  /** `refused`, `misbehaving`, `behaving`, or another word that is only shown. */
  readonly kind: string;
  /** A sentence for people. */
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What governs all credentials. */
export interface ControlView {
  /** Null until anyone has said. */
  readonly mode: Mode | null;
  readonly killSwitch: boolean;
  /** Who threw the kill switch and why; empty while it is off. */
  readonly killSwitchReason: string;
  /** Scores at which the policy acts, 0 to 1. */
  readonly thresholds: Thresholds;
}

/** Scores at which the TTL policy acts, 0 to 1, rising. */
export interface Thresholds {
  /** Below: extend. */
  readonly low: number;
  /** Above: shorten. */
  readonly moderate: number;
  /** Above: revoke. */
  readonly high: number;
}

/** One part that runs, and how it is. */
export interface PartView {
  readonly name: string;
  readonly ready: boolean;
  readonly detail: string;
}

/** What runs and how fast. */
export interface StatusView {
  readonly parts: readonly PartView[];
  readonly samplesPerS: number;
  readonly windowsPerS: number;
  /** Decisions since the console began. */
  readonly decisions: number;
  /** Credentials in the register that are alive, lanes or not. */
  readonly credentials: number;
}

/** One increment: the server applies it to its view, sends it, and the page applies it to its own. */
export type Change =
  | { readonly type: 'credential'; readonly id: string; readonly at: number; readonly credential: CredentialView }
  | { readonly type: 'score'; readonly id: string; readonly at: number; readonly score: Score }
  | { readonly type: 'decision'; readonly id: string; readonly at: number; readonly decision: Decision }
  | { readonly type: 'effect'; readonly id: string; readonly at: number; readonly effect: Effect }
  | { readonly type: 'alert'; readonly id: string; readonly at: number; readonly alert: Alert }
  | { readonly type: 'label'; readonly id: string; readonly at: number; readonly label: Label }
  | { readonly type: 'demo'; readonly id: string; readonly at: number; readonly event: DemoEvent }
  | { readonly type: 'gone'; readonly id: string }
  | { readonly type: 'control'; readonly control: ControlView }
  /** Every second: by its time a page knows how far it has come. */
  | { readonly type: 'status'; readonly at: number; readonly status: StatusView }
  | { readonly type: 'desk'; readonly desk: DeskView };

/** A decision with what became of it, on the time axis at `at` (epoch milliseconds). */
export interface Moment {
  readonly id: string;
  at: number;
  decision: Decision | null;
  effect: Effect | null;
}

/** One lane as it travels in a snapshot. */
export interface LaneSnapshot {
  readonly id: string;
  readonly credential: CredentialView | null;
  /** Pairs of (time, expiry known from then on), epoch milliseconds. */
  readonly life: readonly number[];
  /** Pairs of (time, score); a negative score is one of the learning phase, its sign turned. */
  readonly scores: readonly number[];
  readonly moments: readonly Moment[];
  readonly lastScore: Score | null;
  readonly lastDecision: Decision | null;
  readonly alerts: readonly Alert[];
  readonly labels: readonly Label[];
  readonly demo: DemoEvent | null;
  readonly refused: DemoEvent | null;
  readonly activeAt: number;
}

/** Everything the page needs to begin. */
export interface Snapshot {
  /** Which run of the server it is of: numbers of changes begin anew with each. */
  readonly boot: string;
  /** Number of the last change it contains. */
  readonly id: number;
  /** The server's clock, epoch milliseconds. */
  readonly now: number;
  readonly historyMs: number;
  /** Whether there are demonstration actions. */
  readonly demo: boolean;
  readonly control: ControlView;
  readonly status: StatusView;
  readonly desk: DeskView;
  readonly lanes: readonly LaneSnapshot[];
}
