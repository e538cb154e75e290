import { profilePath } from '../../../view/paths.ts';
import type { PreviewView } from '../../../view/policy.ts';
import { text } from './figures.tsx';

/** Two numbers, or one where they are the same. */
const Both = ({ before, after }: { readonly before: number; readonly after: number }) => (
  <td>
    {text(before) === text(after) ? (
      text(after)
    ) : (
      <>
        {text(before)} → <strong>{text(after)}</strong>
      </>
    )}
  </td>
);

/** What a draft of pre-provisioning would have meant for each user. */
export const Users = ({ users, all }: { readonly users: PreviewView['users']; readonly all: number }) => (
  <section>
    <h3>User by user</h3>
    <div class="table-frame">
      <table class="figures-table preview-users">
        <thead>
          <tr>
            <th scope="col">User</th>
            <th scope="col">Visits</th>
            <th scope="col">Prepared</th>
            <th scope="col">Hits</th>
            <th scope="col">Minutes unused</th>
            <th scope="col">Differ</th>
          </tr>
        </thead>
        <tbody>
          {users.map(({ user, visits, differing, draft, inForce }) => (
            <tr key={user}>
              <th scope="row">
                <a href={profilePath(user)}>{user}</a>
              </th>
              <td>{text(visits)}</td>
              <Both before={inForce.prepared} after={draft.prepared} />
              <Both before={inForce.hits} after={draft.hits} />
              <Both before={Math.round(inForce.unusedMinutes)} after={Math.round(draft.unusedMinutes)} />
              <td>{text(differing)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    {all > users.length && (
      <p class="field-about">
        The {users.length} users with most decisions that differ, of {text(all)}.
      </p>
    )}
  </section>
);
