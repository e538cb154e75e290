/** Log odds at which a verifier is as sure as it is allowed to be. */
const surest = 6;

/** How far from the middle log odds lie, in percent of the width: at most 50 to either side. */
export const across = (logOdds: number): number => (50 * Math.min(surest, Math.max(-surest, logOdds))) / surest;

/** Log odds as a bar from the middle: to the left for the holder of a key, to the right for somebody else. */
export const PartBar = ({ logOdds }: { readonly logOdds: number | undefined }) => {
  const width = Math.abs(across(logOdds ?? 0));
  return (
    <div class="part-bar" aria-hidden="true">
      {logOdds !== undefined && (
        <span
          data-side={logOdds < 0 ? 'own' : 'other'}
          style={{ left: `${logOdds < 0 ? 50 - width : 50}%`, width: `${width}%` }}
        />
      )}
    </div>
  );
};
