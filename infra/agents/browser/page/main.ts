import { watchAttention, watchScrolling } from './attention.ts';
import { askConsent, keepConsent, noConsent, rememberedConsent } from './consent.ts';
import { type Cost, cost } from './cost.ts';
import { watchPhrase, watchTyping } from './keyboard.ts';
import { watchPointer } from './pointer.ts';
import { beaconsTo, createQueue, type Queue } from './queue.ts';
import type { Burst, Consent } from './types.ts';

/** How to watch. */
export interface Options {
  /** Where batches go as beacons: an address of whatever lets users in. */
  readonly endpoint?: string;
  /** Sends batches otherwise, say along with the form; false where it cannot now, and they are kept. */
  readonly send?: (batch: string) => boolean;
  /** Fields whose phrase is timed, as a selector. @default input[type=password] */
  readonly phrases?: string;
  /** @default one made for this page */
  readonly session?: string;
  /** How often batches are sent, milliseconds. @default 10000 */
  readonly everyMs?: number;
  /** Called with each burst before it is kept; for pages that show what is measured. */
  readonly onBurst?: (burst: Burst) => void;
}

let consent: Consent = noConsent;
let queue: Queue | undefined;
let options: Options | undefined;
let watching: AbortController | undefined;

const watch = (): void => {
  watching?.abort();
  watching = undefined;
  if (!options || consent.level === 'none') return;
  const controller = new AbortController();
  const { signal } = controller;
  watching = controller;
  const { endpoint = '', phrases = 'input[type=password]', everyMs = 10_000, onBurst } = options;
  const send = options.send ?? beaconsTo(endpoint);
  const sending = createQueue(send, options.session ?? crypto.randomUUID(), () => consent, everyMs, signal);
  queue = sending;
  const sink = (burst: Burst): void => {
    onBurst?.(burst);
    sending.add(burst);
  };
  for (const field of document.querySelectorAll<HTMLElement>(phrases)) watchPhrase(field, sink, signal);
  if (consent.level === 'session') {
    watchTyping(sink, signal);
    watchPointer(sink, signal);
    watchScrolling(sink, signal);
    watchAttention(sink, signal);
  }
  // After the others, so that what they finish goes along
  addEventListener('pagehide', () => sending.flush(), { signal });
};

/** What the page may call, as `ebbtideBehaviour`. */
const behaviour = {
  /**
   * Begin: with what was allowed before, else ask. A browser that asks not to be tracked is asked nothing, and nothing is
   * watched in it.
   */
  async start(given: Options): Promise<Consent['level']> {
    options = given;
    const refused = (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
    consent = rememberedConsent() ?? (refused ? noConsent : keepConsent(await askConsent()));
    watch();
    return consent.level;
  },
  /** Change what is allowed; what was not sent yet is forgotten when less is. */
  allow(level: Consent['level']): void {
    queue?.clear();
    consent = keepConsent(level);
    watch();
  },
  /** Whether somebody was asked before, so that nobody will be. */
  remembered: (): boolean => rememberedConsent() !== undefined,
  /** What is allowed now. */
  consent: (): Consent => consent,
  /** Send what there is now. */
  flush: (): void => queue?.flush(),
  /** What watching has cost this page so far. */
  cost: (): Cost => cost(),
  /** End, and forget what was not sent. */
  stop(): void {
    watching?.abort();
    watching = undefined;
    queue?.clear();
  },
};

/** What a page with the script can call. */
export type Behaviour = typeof behaviour;

(globalThis as unknown as { ebbtideBehaviour: Behaviour }).ebbtideBehaviour = behaviour;
