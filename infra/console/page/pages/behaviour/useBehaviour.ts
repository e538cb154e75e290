import { useComputed } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Consent, Specification } from '../../../../agents/browser/page/types.ts';
import type { BehaviourView } from '../../../view/behaviour.ts';
import { announce, get, post } from '../../api.ts';
import { useFresh, useVersion } from '../../fresh.ts';
import { clockMs } from '../../time.ts';
import { type Agent, loadAgent } from './agent.ts';
import { phraseField } from './phraseForm.tsx';
import { isJudged, lifespan, type Typist } from './words.ts';

/** The page's state, and what can be done to it. */
export interface BehaviourPage {
  readonly view: BehaviourView | undefined;
  /** Why there is nothing to show. */
  readonly error: unknown;
  /** Undefined before the reader was asked. */
  readonly level: Consent['level'] | undefined;
  readonly busy: boolean;
  readonly message: string;
  /** Bursts that were measured since the page was opened. */
  readonly measured: ReadonlyMap<Specification, number>;
  /** Who typed, by key, as the reader says. */
  readonly typists: ReadonlyMap<string, Typist>;
  /** Ask what may be measured, and begin. */
  begin(): Promise<void>;
  allow(level: Consent['level']): void;
  /** The field has the focus: a phrase may begin. */
  focus(): void;
  /** Sign in with the phrase that was just entered. */
  enter(isPhrase: boolean, typist: Typist): Promise<void>;
  forget(): Promise<void>;
}

const outcome = (view: BehaviourView): string => {
  const last = view.signIns.at(-1)!;
  if (!isJudged(last))
    return view.enrolled < view.enrolment
      ? `Learned ${view.enrolled} of ${view.enrolment}; a key for ${lifespan(last.lifespanMs)}`
      : `You are known now. Type on, and then let a friend try`;
  return `Risk ${last.risk.toFixed(2)}: a key for ${lifespan(last.lifespanMs)}`;
};

/** Everything behind the page: the browser agent, the console's server, and what came of both. */
export const useBehaviour = (): BehaviourPage => {
  const agent = useRef<Agent | undefined>(undefined);
  const [view, setView] = useState<BehaviourView>();
  const [error, setError] = useState<unknown>();
  const [level, setLevel] = useState<Consent['level']>();
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState('');
  const [typists, setTypists] = useState<ReadonlyMap<string, Typist>>(new Map());

  const [measured, setMeasured] = useState<ReadonlyMap<Specification, number>>(new Map());

  /** Counts up with what was done here: what was asked before that is out of date. */
  const deeds = useRef(0);
  const look = async (): Promise<void> => {
    const asked = deeds.current;
    const next = await get<BehaviourView>('/api/behaviour');
    if (asked === deeds.current) setView(next);
  };
  const done = (next: BehaviourView): void => {
    deeds.current += 1;
    setView(next);
  };
  useEffect(() => {
    let left = false;
    const sendSession = (batch: string) => void post('/api/behaviour/session', { batch }).catch(() => {});
    const open = async (): Promise<void> => {
      await look();
      const loaded = await loadAgent(sendSession, (of) =>
        setMeasured((before) => new Map(before).set(of, (before.get(of) ?? 0) + 1)),
      );
      if (left) return;
      agent.current = loaded;
      if (!loaded.behaviour.remembered()) return;
      await loaded.start(phraseField);
      setLevel(loaded.behaviour.consent().level);
    };
    open().catch(setError);
    return () => {
      left = true;
      agent.current?.stop();
    };
  }, []);

  const expiresAt = view?.signIns.at(-1)?.expiresAt ?? Number.POSITIVE_INFINITY;
  const isOver = useComputed(() => clockMs.value >= expiresAt).value;
  useFresh(async () => view !== undefined && look(), [useVersion('behaviour'), isOver]);

  const tell = (text: string): void => setMessage(text);
  const attempt = async (doing: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await doing();
    } catch (failure) {
      tell((failure as Error).message);
    } finally {
      setBusy(false);
    }
  };

  return {
    view,
    error,
    level,
    busy,
    message,
    measured,
    typists,
    begin: async () => {
      const asking = agent.current?.start(phraseField);
      document.querySelector('#ebbtide-consent')?.shadowRoot?.querySelector('button')?.focus();
      await asking;
      setLevel(agent.current?.behaviour.consent().level);
      // The field is enabled with the next drawing
      setTimeout(() => document.querySelector<HTMLElement>(phraseField)?.focus());
    },
    allow: (next) => {
      agent.current?.behaviour.allow(next);
      setLevel(next);
      announce(next === 'none' ? 'Nothing is measured any more' : 'What may be measured has changed');
    },
    focus: () => agent.current?.fresh(),
    enter: (isPhrase, typist) =>
      attempt(async () => {
        const measures = level !== 'none';
        if (!isPhrase) {
          tell('That was another phrase: nothing was sent');
          if (measures) await agent.current?.drop();
          return;
        }
        const batch = measures ? await agent.current?.taken() : undefined;
        if (measures && batch === undefined) {
          tell('Nothing was measured: type it in one go, on a keyboard that tells when keys go down and up');
          return;
        }
        const next = await post<BehaviourView>('/api/behaviour/sign-in', batch === undefined ? {} : { batch });
        setTypists((before) => new Map(before).set(next.signIns.at(-1)!.credentialId, typist));
        done(next);
        tell(outcome(next));
      }),
    forget: () =>
      attempt(async () => {
        done(await post<BehaviourView>('/api/behaviour/forget', {}));
        setTypists(new Map());
        tell('Forgotten: the key that your samples were sealed with is destroyed');
      }),
  };
};
