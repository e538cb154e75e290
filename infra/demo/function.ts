import type { ResourceSample } from '../../schemas/generated/ResourceTelemetry.ts';
import type { DemoEvent } from '../console/view/protocol.ts';
import type { Behaviour } from './behaviour.ts';
import { type HeldCredential, lifeLeft, obtain, type Places, renew, use } from './credential.ts';
import type { Member } from './fleet.ts';

/** How a function of the demonstration lives, milliseconds. */
export interface Rhythm {
  /** Between two uses of the credential. */
  readonly useMs: number;
  /** From the first refusal to a restart with a new credential. */
  readonly restartMs: number;
  /** Between two looks at how long the credential still lives. */
  readonly lookMs: number;
}

/** Credentials of one function that buttons of older lanes may still name. */
const rememberedCredentials = 50;

/** Share of its TTL below which a holder asks for more. */
const renewBelow = 0.2;

/**
 * A function instance: obtains a credential from the token service, behaves as recorded or real, reads a secret
 * from Vault with the credential, and has its life renewed. Once Vault refuses it, it restarts after a while.
 */
export class DemoFunction {
  readonly member: Member;
  readonly #places: Places;
  readonly #rhythm: Rhythm;
  readonly #tell: (event: DemoEvent) => void;
  readonly #behaviour: Behaviour;
  #instances = 0;
  #former: string[] = [];
  #held: HeldCredential | undefined;
  #lookAt = 0;
  #refusedAt: number | undefined;
  #renewalRefused = false;
  #announced = true;
  #busy: Promise<void> | undefined;

  constructor(member: Member, behaviour: Behaviour, places: Places, rhythm: Rhythm, tell: (event: DemoEvent) => void) {
    this.member = member;
    this.#places = places;
    this.#rhythm = rhythm;
    this.#tell = tell;
    this.#behaviour = behaviour;
  }

  /** Credential that it holds; undefined before the first. */
  get credentialId(): string | undefined {
    return this.#held?.credentialId;
  }

  /** Whether it holds this credential, or did so lately. */
  held(credentialId: string): boolean {
    return this.#former.includes(credentialId);
  }

  /** Whether Vault takes its credential, as far as it knows. */
  get isServed(): boolean {
    return this.#held !== undefined && this.#refusedAt === undefined;
  }

  /** Begin anew as a fresh instance with a fresh credential, behaving as recorded in calm. */
  async restart(): Promise<void> {
    const instance = `${this.member.function}-${++this.#instances}`;
    const first = this.#held === undefined;
    this.#held = await obtain(this.#places, { event: this.member.event, function: this.member.function, instance });
    this.#former = [...this.#former, this.#held.credentialId].slice(-rememberedCredentials);
    this.#behaviour.holds(this.#held.credentialId);
    this.#refusedAt = undefined;
    this.#renewalRefused = false;
    this.#lookAt = Date.now() + this.#rhythm.lookMs;
    if (!first) {
      this.#behaviour.calm();
      this.#say('behaving', `Restarted as ${instance} with a new credential`);
    }
  }

  /**
   * From now on it does something else.
   *
   * @param before - samples of calm to begin with
   */
  misbehave(before = 0): void {
    this.#behaviour.misbehave(before);
    this.#announced = false;
  }

  /** It behaves again: with the credential it has, or with a new one if that has ended. */
  async behave(): Promise<void> {
    if (!this.isServed) return this.restart();
    this.#behaviour.calm();
    this.#say('behaving', 'Behaves as before');
  }

  /** What it did in the interval that ends at `time`; undefined while it holds nothing. */
  sample(time: number): { credentialId: string; sample: ResourceSample } | undefined {
    if (!this.#held || this.#refusedAt !== undefined) return undefined;
    if (this.#behaviour.isAnomalous && !this.#announced) {
      this.#announced = true;
      this.#say('misbehaving', `Taken over: ${this.#behaviour.misbehaviour}`);
    }
    const sample = this.#behaviour.next(time);
    return sample && { credentialId: this.#held.credentialId, sample };
  }

  /** Do what is due: use the credential, renew it, or restart. One call at a time; overlapping ones join. */
  turn(): Promise<void> {
    this.#busy ??= this.#turn().finally(() => {
      this.#busy = undefined;
    });
    return this.#busy;
  }

  async #turn(): Promise<void> {
    const held = this.#held;
    if (!held) return this.restart();
    if (this.#refusedAt !== undefined) {
      if (Date.now() >= this.#refusedAt + this.#rhythm.restartMs) await this.restart();
      return;
    }
    const { status, words } = await use(this.#places, held);
    if (this.#held !== held) return;
    if (status === 403) {
      this.#refusedAt = Date.now();
      this.#say('refused', `Vault refused the next request: ${status}${words ? ` ${words}` : ''}`);
    } else if (Date.now() >= this.#lookAt && !this.#renewalRefused) await this.#look(held);
  }

  /** Decisions lengthen the life of whoever behaves; only where they let it run low does the holder ask by itself. */
  async #look(held: HeldCredential): Promise<void> {
    this.#lookAt = Date.now() + this.#rhythm.lookMs;
    const life = await lifeLeft(this.#places, held);
    if (!life || life.remainingMs > life.ttlMs * renewBelow || this.#held !== held) return;
    const answer = await renew(this.#places, held);
    if (!('refused' in answer) || this.#held !== held) return;
    this.#renewalRefused = true;
    this.#say('renewalRefused', `The token service refused to renew: ${answer.refused}`);
  }

  #say(kind: string, text: string): void {
    if (this.#held) this.#tell({ credentialId: this.#held.credentialId, kind, text, at: Date.now() });
  }
}
