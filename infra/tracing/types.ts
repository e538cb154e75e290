import type { MessageHeaders } from '../kafka/types.ts';

/** What a span says; never a secret. */
export type SpanFacts = Readonly<Record<string, string | number | boolean>>;

/** Work that is under way as part of a trace. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** W3C `traceparent` for messages that come of this work. */
  readonly headers: MessageHeaders;
  /** @param startMs - epoch milliseconds; now when absent */
  child(name: string, facts?: SpanFacts, startMs?: number): Span;
  /** Say how it ended; only then is the span told. */
  end(facts?: SpanFacts): void;
  /** End it with an error. */
  fail(error: unknown): void;
}

/** Work elsewhere that caused what happens here. */
export interface Cause {
  /** @param startMs - epoch milliseconds; now when absent */
  child(name: string, facts?: SpanFacts, startMs?: number): Span;
}

/** Tells of work by OpenTelemetry; absent where tracing is off. */
export interface Tracing {
  /** Begin a trace; undefined where it is not among those sampled. */
  root(name: string, facts?: SpanFacts): Span | undefined;
  /** What caused a message; undefined where it is not traced. */
  causeOf(headers: MessageHeaders | undefined): Cause | undefined;
  /** Send what is left. */
  close(): Promise<void>;
}
