import type { Registry } from 'prom-client';
import type { SchemaRegistry } from '../schemas/registry.ts';
import type { Kafka } from './kafka/types.ts';
import type { Logger } from './log.ts';
import type { Tracing } from './tracing/types.ts';

/** What every pipeline and service is given at its start. */
export interface AppContext {
  readonly kafka: Kafka;
  readonly registry: SchemaRegistry;
  /** Metrics are registered here, named `ebbtide_<name>_<unit>[_total]`. */
  readonly metrics: Registry;
  readonly log: Logger;
  /** Tells of work by OpenTelemetry; absent where that is off. */
  readonly tracing?: Tracing | undefined;
}

/** What a part says of itself at `/health/ready`. */
export interface Health {
  readonly ready: boolean;
  /** Why it is not ready, or what it does; never a secret. */
  readonly detail: string;
}

/** A pipeline or service that runs. Each `start…(context, config)` returns one. */
export interface Running {
  readonly name: string;
  /** Address it listens on, where it does. */
  readonly address?: string;
  health(): Promise<Health>;
  /** Rejects when the part fails for good; never resolves while it runs. */
  readonly failed: Promise<never>;
  /** Stop, after finishing and committing what was begun. */
  close(): Promise<void>;
}
