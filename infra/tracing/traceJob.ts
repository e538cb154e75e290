import { map, type OperatorFunction, tap } from 'rxjs';
import { LastSeen } from '../../operators/actuate/lastSeen.ts';
import type { InputBatch, OutputBatch } from '../../operators/batch.ts';
import { topics } from '../../schemas/topics.ts';
import type { ExactlyOnceSession } from '../kafka/session.ts';
import type { MessageHeaders } from '../kafka/types.ts';
import type { Cause, Span, Tracing } from './types.ts';

/** Subjects whose last traced message is remembered. */
const subjects = 10_000;

interface Traced {
  readonly cause: Cause;
  readonly atMs: number;
  readonly offset: number;
}

/**
 * Follows traces through a job: a decision continues the trace of the last traced message of its subject, with a span
 * from when that was read until the decision's transaction has committed. An override of scope goes with its decision.
 *
 * @param now - epoch milliseconds
 */
export class TraceJob {
  readonly #tracing: Tracing;
  readonly #pipeline: string;
  readonly #now: () => number;
  readonly #last = new LastSeen<string, Traced>(subjects);
  readonly #open = new Map<MessageHeaders, Span>();

  constructor(tracing: Tracing, pipeline: string, now: () => number = Date.now) {
    this.#tracing = tracing;
    this.#pipeline = pipeline;
    this.#now = now;
  }

  /** A chain that hands traces on. */
  chain(chain: OperatorFunction<InputBatch, OutputBatch>): OperatorFunction<InputBatch, OutputBatch> {
    return (input) =>
      input.pipe(
        tap((batch) => this.#note(batch)),
        chain,
        map((output) => this.#continued(output)),
      );
  }

  #note({ messages, replayBefore }: InputBatch): void {
    for (const { headers, key, offset } of messages) {
      if (headers === undefined || key === null || offset < replayBefore) continue;
      const cause = this.#tracing.causeOf(headers);
      if (cause) this.#last.set(key.toString(), { cause, atMs: this.#now(), offset });
    }
  }

  #continued(output: OutputBatch): OutputBatch {
    if (this.#last.size === 0) return output;
    const decided = new Map<string, MessageHeaders>();
    const records = output.records.map((record) => {
      const traced = record.topic === topics.decisions.name && record.key ? this.#last.get(record.key) : undefined;
      if (!traced) return record;
      this.#last.delete(record.key!);
      const facts = { 'ebbtide.subject': record.key!, 'messaging.kafka.offset': traced.offset };
      const span = traced.cause.child(`${this.#pipeline} decides`, facts, traced.atMs);
      this.#open.set(span.headers, span);
      decided.set(record.key!, span.headers);
      return { ...record, headers: span.headers };
    });
    if (decided.size === 0) return output;
    return {
      ...output,
      records: records.map((record) => {
        const headers = record.topic === topics.scopeOverrides.name ? decided.get(record.key ?? '') : undefined;
        return headers ? { ...record, headers } : record;
      }),
    };
  }

  /** A session whose commits end the spans of what they write. */
  session(session: ExactlyOnceSession): ExactlyOnceSession {
    return {
      ...session,
      commit: async (records, next) => {
        const spans = this.#open.size === 0 ? [] : records.flatMap(({ headers }) => this.#taken(headers) ?? []);
        try {
          await session.commit(records, next);
        } catch (error) {
          for (const span of spans) span.fail(error);
          throw error;
        }
        for (const span of spans) span.end();
      },
    };
  }

  #taken(headers: MessageHeaders | undefined): Span | undefined {
    const span = headers && this.#open.get(headers);
    if (span) this.#open.delete(headers);
    return span;
  }
}
