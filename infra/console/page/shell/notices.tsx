import { timeOfDay } from '../format.ts';
import { connection, desk } from '../live.ts';

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
    </div>
  );
};
