import { useEffect, useState } from 'preact/hooks';
import type { KeyNow, SignInView } from '../../../view/behaviour.ts';
import { clock } from '../../format.ts';
import { lifespan, reasonOf } from './words.ts';

const states = {
  active: 'In force',
  cut: 'Cut: its session looks like somebody else',
  ended: 'Ended',
} as const;

/** The latest key: why it lives as long as it does, what is left, and how its session has looked since. */
export const KeyCard = ({ signIn, now: key }: { readonly signIn: SignInView; readonly now: KeyNow | undefined }) => {
  const [time, setTime] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setTime(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const state = key?.credentialId === signIn.credentialId ? key.state : 'active';
  const risk = key?.credentialId === signIn.credentialId ? key.risk : signIn.risk;
  return (
    <div class="key-card" data-state={state}>
      <p class="key-life">{lifespan(signIn.lifespanMs)}</p>
      <p class="key-reason">{reasonOf(signIn)}</p>
      <dl>
        <div>
          <dt>Key</dt>
          <dd class="key-state">{states[state]}</dd>
        </div>
        <div>
          <dt>Left</dt>
          <dd class="key-left">{state === 'active' ? clock(signIn.expiresAt - time) : '0:00'}</dd>
        </div>
        <div>
          <dt>Risk of the session</dt>
          <dd>{signIn.reason === 'learning' && state === 'active' ? 'not known yet' : risk.toFixed(2)}</dd>
        </div>
        <div>
          <dt>Certificate</dt>
          <dd class="key-serial" title={signIn.serial}>
            {signIn.serial.slice(0, 23)}…
          </dd>
        </div>
      </dl>
    </div>
  );
};
