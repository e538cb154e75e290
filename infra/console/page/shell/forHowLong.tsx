const hour = 3_600_000;
const spans = [
  [hour, '1 hour'],
  [8 * hour, '8 hours'],
  [24 * hour, '1 day'],
  [7 * 24 * hour, '7 days'],
  [30 * 24 * hour, '30 days'],
] as const;

/** What somebody is asked first. */
export const usualSpanMs = hour;

/** For how long something that ends by itself is to hold, as a field of a form. */
export const ForHowLong = ({
  id,
  forMs,
  mostMs = Number.POSITIVE_INFINITY,
  onChoose,
}: {
  readonly id: string;
  readonly forMs: number;
  /** Longest that is offered, milliseconds. */
  readonly mostMs?: number;
  readonly onChoose: (forMs: number) => void;
}) => (
  <>
    <label for={id} class="field-label">
      For
    </label>
    <select id={id} value={forMs} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
      {spans
        .filter(([ms]) => ms <= mostMs)
        .map(([ms, word]) => (
          <option key={ms} value={ms}>
            {word}
          </option>
        ))}
    </select>
  </>
);
