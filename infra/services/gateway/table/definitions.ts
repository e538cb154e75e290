import { type FindSetting, inForce, policyOf, refusalOf } from '../../../../schemas/control.ts';
import type { Control } from '../../../../schemas/generated/index.ts';
import { type ScopeDefinition, Scopes } from '../../../../schemas/scopes.ts';

const keys = ['policy/scope', 'policy/scope/configured'] as const;

/**
 * What names of scopes mean: the definitions of this gateway's configuration, and before them those of the scope
 * pipeline's policy in force. So a policy with scopes of its own means the same at every gateway.
 */
export class Definitions {
  readonly #own: Readonly<Record<string, ScopeDefinition>>;
  readonly #changed: (scopes: Scopes) => void;
  readonly #now: () => number;
  readonly #settings = new Map<string, Control>();
  #inForce = '{}';

  /**
   * @param own - `scopes` of the configuration
   * @param changed - hears of the scopes whenever a definition is another
   * @param now - epoch milliseconds
   */
  constructor(
    own: Readonly<Record<string, ScopeDefinition>>,
    changed: (scopes: Scopes) => void,
    now: () => number = Date.now,
  ) {
    this.#own = own;
    this.#changed = changed;
    this.#now = now;
  }

  /** Take a record of topic `control` in, null for a tombstone; one that is refused leaves what was there. */
  set(key: string, control: Control | null): void {
    if (!(keys as readonly string[]).includes(key) || (control && refusalOf(control))) return;
    if (control) this.#settings.set(key, control);
    else this.#settings.delete(key);
    this.settle();
  }

  /** See whether the policy in force is still the one that was: it may have lapsed. */
  settle(): void {
    const find: FindSetting = (key) => this.#settings.get(key);
    const set = keys.map(find).find((one) => inForce(one, this.#now()));
    const brought = set ? policyOf(set, 'scope').scopes : {};
    const text = JSON.stringify(brought);
    if (text === this.#inForce) return;
    this.#inForce = text;
    this.#changed(new Scopes({ ...this.#own, ...brought }));
  }
}
