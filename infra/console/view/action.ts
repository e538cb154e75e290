import type { AuditEvent } from '../../../schemas/generated/AuditEvent.ts';

/** One thing that somebody did, or tried to do: the events of one action made into one, as far as it has come. */
export interface ActionEntry extends AuditEvent {
  /** When it was asked for, epoch milliseconds. */
  readonly at: number;
  /** When it came to its outcome; `at` where nothing came after it. */
  readonly endedAt: number;
}

/** What people's actions are asked for. Empty texts let everything through. */
export interface ActionFilter {
  /** Part of the name or identifier of whoever did it. */
  readonly who: string;
  /** Name of the action. */
  readonly action: string;
  readonly outcome: AuditEvent['outcome'] | '';
  /** Words that must all be in subject, reason, result or details. */
  readonly q: string;
  /** From when and until when it was asked for, epoch milliseconds; the end is excluded. */
  readonly from: number;
  readonly to: number;
}

/** A page of people's actions. */
export interface ActionPage {
  readonly total: number;
  readonly offset: number;
  readonly entries: readonly ActionEntry[];
  /** Whether what the archive has is part of it; without, only what came of late. */
  readonly archived: boolean;
}

/** Take an event of an action in: what it came to stands, whichever event is heard of first. */
export const foldAction = (before: ActionEntry | undefined, event: AuditEvent): ActionEntry => {
  if (!before) return { ...event, endedAt: event.at };
  const last = event.outcome === 'asked' ? before : event;
  return {
    ...before,
    outcome: last.outcome,
    result: last.result,
    at: Math.min(before.at, event.at),
    endedAt: Math.max(before.endedAt, event.at),
  };
};

/** Whether an action fits a filter. */
export const fitsAction = (entry: ActionEntry, { who, action, outcome, q, from, to }: ActionFilter): boolean => {
  if (entry.at < from || entry.at >= to) return false;
  if ((action !== '' && entry.action !== action) || (outcome !== '' && entry.outcome !== outcome)) return false;
  if (!`${entry.name} ${entry.personId}`.toLowerCase().includes(who.toLowerCase())) return false;
  const text = `${entry.subject}\n${entry.reason}\n${entry.result}\n${entry.details}`.toLowerCase();
  return wordsOf(q).every((word) => text.includes(word));
};

/** The words of a search, in lower case. */
export const wordsOf = (q: string): string[] => q.toLowerCase().split(/\s+/).filter(Boolean);
