import type { SignInView } from '../../../view/behaviour.ts';
import { timeOfDay } from '../../format.ts';
import { isJudged, lifespan, reasonOf, type Typist } from './words.ts';

/** Every sign-in in words and figures. */
export const History = ({
  signIns,
  typists,
}: {
  readonly signIns: readonly SignInView[];
  readonly typists: ReadonlyMap<string, Typist>;
}) => (
  <details class="sign-ins">
    <summary>All sign-ins, in words</summary>
    <div class="sign-ins-scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">At</th>
            <th scope="col">Who</th>
            <th scope="col">Why</th>
            <th scope="col">Risk</th>
            <th scope="col">Key lives</th>
          </tr>
        </thead>
        <tbody>
          {signIns.toReversed().map((signIn) => (
            <tr key={signIn.credentialId}>
              <td>{timeOfDay(signIn.at)}</td>
              <td>{typists.get(signIn.credentialId) === 'friend' ? 'a friend' : 'you'}</td>
              <td>{reasonOf(signIn)}</td>
              <td>{isJudged(signIn) ? signIn.risk.toFixed(2) : '–'}</td>
              <td>{lifespan(signIn.lifespanMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);
