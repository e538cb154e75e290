import type { AlertStanding } from '../../../../alerts/desk.ts';
import { subjectPath } from '../../../view/paths.ts';
import { plain } from '../../format.ts';
import { may } from '../../me.ts';
import { inFull, when } from '../../time.ts';
import { severityGlyphs, severityKinds, toldWords } from './words.ts';

/** The alert that is at hand: what it says, who was told of it by which route, and what can be done. */
export const AlertPanel = ({
  standing,
  onAcknowledge,
  onSilence,
  onClose,
}: {
  readonly standing: AlertStanding;
  readonly onAcknowledge: () => void;
  readonly onSilence: () => void;
  readonly onClose: () => void;
}) => {
  const { alert, told, state, acknowledged, endedAt } = standing;
  return (
    <aside class="panel" aria-label={`Alert: ${alert.subject}`}>
      <div class="detail-head">
        <h2>
          <a href={subjectPath(alert.subject)}>{alert.subject}</a>
        </h2>
        <button type="button" class="quiet close" aria-label="Close the alert" onClick={onClose}>
          ✕
        </button>
      </div>
      <p class="panel-deed">
        <span class="deed" data-kind={severityKinds[alert.severity]}>
          <span aria-hidden="true">{severityGlyphs[alert.severity]}</span> {alert.severity}
        </span>{' '}
        {plain(alert.kind)},{' '}
        <time dateTime={new Date(alert.at).toISOString()} title={inFull(alert.at)}>
          {when(alert.at)}
        </time>
      </p>
      <p class="panel-text">{alert.summary}</p>
      <section aria-label="Who was told">
        <h3>Who was told</h3>
        {told.length === 0 && (
          <p class="none">Nobody: no route takes alerts like this one. Routes are configured under notify.routes.</p>
        )}
        <ul class="routes">
          {told.map((one) => (
            <li key={`${one.route} ${one.state}`}>
              <span class="route-name">{one.route || 'every route'}</span>
              <span class="route-state" data-state={one.state}>
                {toldWords[one.state]}
              </span>
              <time title={inFull(one.at)}>{when(one.at)}</time>
              {one.detail && <span class="route-detail">{one.detail}</span>}
            </li>
          ))}
        </ul>
      </section>
      {endedAt !== undefined && (
        <p class="panel-text">
          {state === 'acknowledged' ? (
            <>
              Seen to by <strong>{acknowledged}</strong>, {when(endedAt)}: it is escalated no further.
            </>
          ) : (
            <>Its cause ended {when(endedAt)}.</>
          )}
        </p>
      )}
      <div class="panel-buttons">
        {may('analyst') && state === 'open' && (
          <button type="button" class="primary" onClick={onAcknowledge}>
            Acknowledge… <kbd>a</kbd>
          </button>
        )}
        {may('operator') && (
          <button type="button" onClick={onSilence}>
            Silence… <kbd>s</kbd>
          </button>
        )}
        <a class="button" href={`/alerts?state=all&q=${encodeURIComponent(alert.alertId)}`}>
          Link to it
        </a>
      </div>
    </aside>
  );
};
