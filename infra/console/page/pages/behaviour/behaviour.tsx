import { useState } from 'preact/hooks';
import { Modal } from '../../shell/modal.tsx';
import { Failed, Loading, Page } from '../../shell/page.tsx';
import { ConsentChoice } from './consent.tsx';
import { History } from './history.tsx';
import { KeyCard } from './keyCard.tsx';
import { Parts } from './parts.tsx';
import { PhraseForm } from './phraseForm.tsx';
import { RiskPlot } from './riskPlot.tsx';
import { useBehaviour } from './useBehaviour.ts';
import type { Typist } from './words.ts';
import { Work } from './work.tsx';

/** Where people try how their behaviour decides on the life of their keys. */
const Behaviour = () => {
  const { view, error, level, busy, message, measured, typists, begin, allow, focus, enter, forget } = useBehaviour();
  const [typist, setTypist] = useState<Typist>('owner');
  const [chosen, setChosen] = useState<string>();
  const [asksToForget, setAsksToForget] = useState(false);
  const latest = view?.signIns.at(-1);
  const selected = view?.signIns.find(({ credentialId }) => credentialId === chosen) ?? latest;

  const confirmForget = (): void => {
    setAsksToForget(false);
    setTypist('owner');
    void forget();
  };
  return (
    <Page
      title="Behaviour"
      lead="How you type and move decides how long your key lives. Let the key host learn you, then let a friend try, and watch the life of the key fall."
      actions={
        <button type="button" class="kill" disabled={busy || !latest} onClick={() => setAsksToForget(true)}>
          Forget me
        </button>
      }
    >
      {error !== undefined ? (
        <Failed error={error} />
      ) : view === undefined ? (
        <Loading what="Asking the key host" />
      ) : (
        <div class="behaviour">
          <section class="behaviour-try" aria-label="Sign in">
            <PhraseForm
              ready={level !== undefined}
              busy={busy}
              enrolled={view.enrolled}
              enrolment={view.enrolment}
              message={message}
              typist={typist}
              onTypist={setTypist}
              onBegin={focus}
              onEnter={(isPhrase) => {
                setChosen(undefined);
                void enter(isPhrase, typist);
              }}
            />
            {level === undefined ? (
              <div class="behaviour-begin">
                <p>Nothing is measured before you have been asked.</p>
                <button type="button" class="primary" onClick={() => void begin()}>
                  Begin
                </button>
              </div>
            ) : (
              <ConsentChoice level={level} onChange={allow} />
            )}
          </section>
          <section class="behaviour-key" aria-label="Your latest key">
            {latest ? (
              <KeyCard signIn={latest} now={view.key} />
            ) : (
              <p class="behaviour-none">Your first sign-in gives you a key</p>
            )}
          </section>
          <section class="behaviour-risk" aria-labelledby="behaviour-risk-title">
            <h2 id="behaviour-risk-title">Risk, and the life that it grants</h2>
            <RiskPlot
              rule={view.rule}
              signIns={view.signIns}
              typists={typists}
              selected={selected?.credentialId}
              onSelect={setChosen}
            />
            <p class="behaviour-legend" aria-hidden="true">
              <span data-typist="owner">you</span>
              <span data-typist="friend">a friend</span>
            </p>
          </section>
          <section class="behaviour-parts" aria-labelledby="behaviour-parts-title">
            <h2 id="behaviour-parts-title">What spoke for whom</h2>
            <Parts signIns={view.signIns} selected={selected} uncalibrated={view.uncalibrated} />
          </section>
          <Work measured={level === 'session' ? measured : undefined} learned={view.learned} />
          <History signIns={view.signIns} typists={typists} />
        </div>
      )}
      {asksToForget && (
        <Modal label="Forget me" onClose={() => setAsksToForget(false)}>
          <h2>Forget how you type?</h2>
          <p>
            The key that your samples are sealed with is destroyed. Nobody can open them again, wherever copies of them
            are, and you begin anew.
          </p>
          <div class="dialog-buttons">
            <button type="button" class="quiet" onClick={() => setAsksToForget(false)}>
              Cancel
            </button>
            <button type="button" class="grave" onClick={confirmForget}>
              Forget me
            </button>
          </div>
        </Modal>
      )}
    </Page>
  );
};

export default Behaviour;
