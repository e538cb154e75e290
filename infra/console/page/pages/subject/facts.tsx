import type { Score } from '../../../../../schemas/generated/Score.ts';
import type { CredentialView } from '../../../view/protocol.ts';
import { duration } from '../../format.ts';
import { when } from '../../time.ts';

const shortenings = {
  continuous: 'at any time',
  revocable: 'by revoking only',
  none: 'no',
  unknown: 'not known',
} as const;

/** What is known of a credential, never the secret and never what Vault calls it. */
export const CredentialFacts = ({
  id,
  credential,
  lastScore,
}: {
  readonly id: string;
  readonly credential: CredentialView | null;
  readonly lastScore: Score | null;
}) => {
  const facts: (readonly [string, string])[] = [['Identifier', id]];
  if (credential)
    facts.push(
      ['Instance', credential.instance],
      ['Event', credential.event],
      ['Kind', credential.kind],
      ['Role', credential.role],
      ['Issued', `${when(credential.issuedAt)} for ${duration(credential.ttlMs)}`],
      ['Longest', duration(credential.maxTtlMs)],
      ['Can be shortened', shortenings[credential.shortening]],
      ['In the register', credential.status],
    );
  if (lastScore) facts.push(['Model', lastScore.modelVersion], ['System', lastScore.pipeline]);
  return (
    <section aria-labelledby="credential-title">
      <h2 id="credential-title">{credential ? 'Credential' : 'Subject'}</h2>
      {!credential && <p class="none">It has no credential in the register.</p>}
      <dl class="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
};
