import type { Observable } from 'rxjs';
import type { DeskArchive } from '../clickhouse/desk.ts';
import type { ViewArchive } from '../clickhouse/views/archive.ts';
import type { Running } from '../context.ts';
import type { Trials } from '../replay/trial.ts';
import type { EntityAction } from '../vault/entity.ts';
import type { BehaviourView } from './view/behaviour.ts';
import type { KindOfModel, ModelDifference, ModelReport, PointedModel, PointWish } from './view/models.ts';
import type { DemoEvent, Thresholds } from './view/protocol.ts';

/** Actions of the demonstration, and what its functions see. */
export interface DemoPort {
  /** From now on the holder of this credential behaves as in a recorded anomaly. */
  misbehave(credentialId: string): Promise<void>;
  /** The function behaves again, with a new credential if need be. */
  behave(credentialId: string): Promise<void>;
  readonly events: Observable<DemoEvent>;
}

/** Where people try how their behaviour decides on their keys. Users are the console's own. */
export interface BehaviourPort {
  view(user: string): Promise<BehaviourView>;
  /** Sign in, by a batch of the browser agent; without one where the user consented to nothing. */
  signIn(user: string, batch?: string): Promise<BehaviourView>;
  /** Pass on a batch of the session that the user is in. @returns bursts taken in; 0 before the first sign-in */
  observe(user: string, batch: string): Promise<number>;
  /** Erase all that is known of the user's behaviour. */
  forget(user: string): Promise<BehaviourView>;
}

/** Versions of models, and who of them decides. Each throws what the registry throws. */
export interface ModelsPort {
  kinds(): Promise<readonly KindOfModel[]>;
  /** What a version's manifest says, name by name. */
  version(kind: string, version: string): Promise<Readonly<Record<string, string>>>;
  /** The report of the retraining that made a version; null where none is kept with it. */
  report(kind: string, version: string): Promise<ModelReport | null>;
  differences(kind: string, before: string, after: string): Promise<readonly ModelDifference[]>;
  /** Put another version in force, as `ebbtide models promote` and `rollback` do. */
  point(wish: PointWish & { readonly by: string }): Promise<PointedModel>;
}

/** What the console needs from outside. */
export interface ConsolePorts {
  /** What runs in this process; asked for its health every few seconds and at `/health/ready`. */
  parts(): readonly Running[];
  readonly demo?: DemoPort;
  readonly behaviour?: BehaviourPort;
  /** Reads the archive, where there is one. */
  readonly archive?: DeskArchive;
  /** Sums of the archive for the pages of scope, pre-provisioning, keys and models. */
  readonly views?: ViewArchive;
  /** How far the archive is in topics: the first offset that it has not taken in, by `<topic>/<partition>`. */
  readonly archived?: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly models?: ModelsPort;
  /** Try policies on what the archive holds; absent where there is none. */
  readonly trials?: Trials;
  /** Disables, enables, denies or allows all of an entity at Vault; absent where the console has no login there. */
  actOnEntity?(entityId: string, action: Exclude<EntityAction, 'revoke'>): Promise<{ readonly name: string }>;
  /** Thresholds of the policy in force. */
  thresholds?(): Thresholds;
  /** Told each time a link was used, with the one that works next. */
  linkUsed?(next: string): void;
}
