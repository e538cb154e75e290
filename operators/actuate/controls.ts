import type { Control } from '../../schemas/generated/index.ts';

interface Setting {
  readonly value: unknown;
  readonly at: number;
  readonly expiresAt: number | null;
}

/**
 * What administrators have set, as the actuator needs it at the moment of application: kill switch, mode, exemptions.
 *
 * A setting for a subject counts before one for its pipeline, and that before one for all. Its value is JSON: `true`,
 * `"shadow"`, or an object with the member named after it (`on`, `mode`, `exempt`).
 *
 * @example
 * const controls = new Controls();
 * controls.apply(record);
 * controls.killed('lifecycle', 'cred-1', nowMs);
 */
export class Controls {
  readonly #settings = new Map<string, Setting>();

  /** Take a record in; an older one than what is known is ignored. */
  apply(control: Control): void {
    const place = placeOf(control.kind, control.pipeline, control.subject);
    const known = this.#settings.get(place);
    if (known && known.at > control.at) return;
    this.#settings.set(place, { value: parse(control.value), at: control.at, expiresAt: control.expiresAt });
  }

  /** Whether the kill switch stops every action on this subject. */
  killed(pipeline: string, subject: string, nowMs: number): boolean {
    return truthOf(this.#find('killSwitch', pipeline, subject, nowMs), 'on') ?? false;
  }

  /** Whether harsh actions on this subject are withheld: somebody broke the glass. */
  exempt(pipeline: string, subject: string, nowMs: number): boolean {
    return truthOf(this.#find('exemption', pipeline, subject, nowMs), 'exempt') ?? false;
  }

  /** The mode set since, or undefined where the decision's own counts. */
  mode(pipeline: string, subject: string, nowMs: number): 'shadow' | 'enforce' | undefined {
    const value = this.#find('mode', pipeline, subject, nowMs);
    const mode = typeof value === 'object' && value !== null ? (value as { mode?: unknown }).mode : value;
    return mode === 'shadow' || mode === 'enforce' ? mode : undefined;
  }

  #find(kind: Control['kind'], pipeline: string, subject: string, nowMs: number): unknown {
    for (const [forPipeline, forSubject] of [
      [pipeline, subject],
      ['', subject],
      [pipeline, null],
      ['', null],
    ] as const) {
      const setting = this.#settings.get(placeOf(kind, forPipeline, forSubject));
      if (setting && (setting.expiresAt === null || setting.expiresAt > nowMs)) return setting.value;
    }
    return undefined;
  }
}

const placeOf = (kind: string, pipeline: string, subject: string | null): string =>
  JSON.stringify([kind, pipeline, subject]);

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
};

/** An empty object, as of an exemption that only has an end, counts as true; unreadable text counts as set. */
const truthOf = (value: unknown, member: string): boolean | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (typeof value === 'object') return (value as Record<string, unknown>)[member] !== false;
  return value !== 'off' && value !== 'false' && value !== 0;
};
