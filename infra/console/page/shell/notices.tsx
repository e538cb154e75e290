import { duration, number, timeOfDay } from '../format.ts';
import { connection, desk, missed, store } from '../live.ts';
import { when } from '../time.ts';

/** What stands between the reader and the whole truth: the archive is away, or the page is not live. */
export const Notices = () => {
  const { archive, archiveSince } = desk.value;
  return (
    <div class="notices">
      {archive === 'away' && (
        <p class="notice" role="status">
          <strong>The archive does not answer</strong>
          {archiveSince === null ? '' : ` since ${timeOfDay(archiveSince)}`}. What happens now is shown as it comes;
          history returns when ClickHouse does.
        </p>
      )}
      {connection.value === 'lost' && (
        <p class="notice" role="status">
          <strong>Not live.</strong> What you see is as of when the connection was lost. It is read anew when the
          console answers.
        </p>
      )}
      {connection.value === 'live' && missed.value && (
        <p class="notice" role="status">
          <strong>Read anew.</strong> This page was not live from {when(missed.value.from)} to {when(missed.value.to)} (
          {duration(missed.value.to - missed.value.from)}
          {missed.value.changes === null ? '' : `, ${number(missed.value.changes)} changes`}): what is shown is as it is
          now; what happened in between is on the pages of subjects.
          <button
            type="button"
            class="quiet"
            onClick={() => {
              store.missed = null;
              missed.value = null;
            }}
          >
            Understood
          </button>
        </p>
      )}
    </div>
  );
};
