import type { Silence } from '../../../../alerts/silences.ts';
import { clock } from '../../format.ts';
import { may } from '../../me.ts';
import { clockMs, inFull } from '../../time.ts';

/** Silences in force: whose alerts nobody is told of, until when, by whom and why. */
export const Silences = ({
  silences,
  onEnd,
}: {
  readonly silences: readonly Silence[];
  readonly onEnd: (silence: Silence) => void;
}) => (
  <section class="silences" aria-labelledby="silences-title">
    <h2 id="silences-title">Silent now</h2>
    <ul class="records">
      {silences.map((one) => (
        <li key={one.subject}>
          <span class="record-main">
            <span>
              <strong class="mono">{one.subject}</strong>
              {one.kinds !== '*' && (
                <>
                  , kinds <span class="mono">{one.kinds}</span>
                </>
              )}
            </span>
            <span class="record-about">
              by {one.by}: {one.reason}
            </span>
          </span>
          <time class="record-state" dateTime={new Date(one.expiresAt).toISOString()} title={inFull(one.expiresAt)}>
            ends in {clock(one.expiresAt - clockMs.value)}
          </time>
          {may('operator') && (
            <button type="button" aria-label={`End it… the silence of ${one.subject}`} onClick={() => onEnd(one)}>
              End it…
            </button>
          )}
        </li>
      ))}
    </ul>
  </section>
);
