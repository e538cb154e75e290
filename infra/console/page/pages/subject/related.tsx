import { subjectPath } from '../../../view/paths.ts';
import type { RelatedGroup } from '../../../view/subject.ts';

const titles: Record<RelatedGroup['by'], string> = {
  entity: 'Same entity',
  role: 'Same role',
  function: 'Same function',
  host: 'Seen on the same host',
  address: 'Seen at the same address',
  machine: 'Seen on the same machine',
};
const shown = 8;

/** Who shares something with the subject: by the register, and by where telemetry saw them in the last day. */
export const Related = ({ groups }: { readonly groups: readonly RelatedGroup[] }) => (
  <section aria-labelledby="related-title">
    <h2 id="related-title">Related</h2>
    {groups.length === 0 && <p class="none">Nobody alive shares its entity, role, host or address.</p>}
    {groups.map(({ by, of, total, entries }) => (
      <div key={by} class="related">
        <h3>
          {titles[by]} <span class="related-of">{of}</span>
        </h3>
        <ul>
          {entries.slice(0, shown).map(({ id, name, status }) => (
            <li key={id}>
              <span class="life-dot" data-status={status} />
              <a href={subjectPath(id)}>{name === id ? id : `${name} (${id})`}</a>
            </li>
          ))}
        </ul>
        {total > Math.min(shown, entries.length) && (
          <p class="none">and {total - Math.min(shown, entries.length)} more</p>
        )}
      </div>
    ))}
  </section>
);
