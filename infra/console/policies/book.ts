import {
  type FindSetting,
  modeSet,
  type PolicyOf,
  type PolicyPipeline,
  policyInForce,
  policyOf,
  policyParsers,
  refusalOf,
} from '../../../schemas/control.ts';
import type { Control } from '../../../schemas/generated/Control.ts';
import { policyVersion } from '../../../schemas/policy.ts';
import type { PolicyVersion, PolicyView } from '../view/policy.ts';

/** Pipelines that have a policy. */
export const policyPipelines = Object.keys(policyParsers) as readonly PolicyPipeline[];

const mostVersions = 100;

/** Policies as topic `control` has them, with the last versions of each, so that a change can be undone. */
export class PolicyBook {
  readonly #settings = new Map<string, Control>();
  readonly #versions = new Map<PolicyPipeline, Control[]>();
  #isComplete = false;

  /** Take records in, in the order of the topic; one that is refused leaves what was there. */
  apply(control: Control): void {
    if (control.subject !== null || refusalOf(control) !== undefined) return;
    if (control.kind !== 'policy' && control.kind !== 'mode') return;
    this.#settings.set(control.key, control);
    this.#note([control]);
  }

  /** Whether the archive has told what was before. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Take in what was put in force before, in the order of the topic: for the history, never for what is in force. */
  remember(past: readonly Control[]): void {
    this.#isComplete = true;
    for (const pipeline of policyPipelines) {
      const known = this.#versions.get(pipeline) ?? [];
      this.#versions.set(pipeline, []);
      this.#note([...past.filter((one) => one.key === `policy/${pipeline}`), ...known]);
    }
  }

  #note(controls: readonly Control[]): void {
    for (const control of controls) {
      const pipeline = policyPipelines.find((one) => control.key === `policy/${one}`);
      if (!pipeline || refusalOf(control) !== undefined) continue;
      const versions = this.#versions.get(pipeline) ?? [];
      // The same policy set again is no step that could be undone
      this.#versions.set(
        pipeline,
        [...versions.filter(({ version }) => version !== control.version), control].slice(-mostVersions),
      );
    }
  }

  /** The policy in force at a time, epoch milliseconds. */
  policy<P extends PolicyPipeline>(pipeline: P, now: number): PolicyOf<P> {
    const set = policyInForce(this.#find, pipeline, now);
    return set ? policyOf(set, pipeline) : (policyParsers[pipeline]({}) as PolicyOf<P>);
  }

  /** What a page shows of a pipeline at a time, epoch milliseconds. */
  view(pipeline: PolicyPipeline, now: number): PolicyView {
    const set = policyInForce(this.#find, pipeline, now);
    const current = set ? versionOf(set, pipeline) : standard(pipeline);
    const configured = this.#find(`policy/${pipeline}/configured`);
    const history = (this.#versions.get(pipeline) ?? [])
      .filter((one) => one.version !== set?.version)
      .map((one) => versionOf(one, pipeline))
      .reverse();
    const underneath =
      current.source === 'person' ? (configured ? versionOf(configured, pipeline) : standard(pipeline)) : null;
    return {
      pipeline,
      current,
      modeSet: modeSet(this.#find, pipeline, null, now) ?? null,
      previous: (current.source === 'person' ? history[0] : undefined) ?? underneath,
      history,
    };
  }

  /** Mode that counts for a pipeline at a time, epoch milliseconds. */
  mode(pipeline: PolicyPipeline, now: number): 'shadow' | 'enforce' {
    return modeSet(this.#find, pipeline, null, now) ?? this.policy(pipeline, now).mode;
  }

  readonly #find: FindSetting = (key) => this.#settings.get(key);
}

const versionOf = (control: Control, pipeline: PolicyPipeline): PolicyVersion => {
  const policy = policyOf(control, pipeline);
  const { by, at, reason, key } = control;
  const source = key.endsWith('/configured') ? 'configuration' : 'person';
  return { policy, version: policyVersion(policy), by, at, reason, source };
};

const standard = (pipeline: PolicyPipeline): PolicyVersion => {
  const policy = policyParsers[pipeline]({});
  return { policy, version: policyVersion(policy), by: '', at: null, reason: '', source: 'default' };
};
