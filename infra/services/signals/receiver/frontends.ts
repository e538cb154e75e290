import type { Translation } from '../../../../schemas/generated/index.ts';

/** The frontend credentials of the translation table, out of the records of topic `translations`. */
export class Frontends {
  readonly #services = new Map<string, Set<string>>();

  set({ frontendCredential, service }: Translation): void {
    const services = this.#services.get(frontendCredential);
    if (services) services.add(service);
    else this.#services.set(frontendCredential, new Set([service]));
  }

  /** Remove a row, by the key of its message: credential and service joined by the last `/`. */
  remove(key: string): void {
    const slash = key.lastIndexOf('/');
    const credential = key.slice(0, slash);
    const services = this.#services.get(credential);
    services?.delete(key.slice(slash + 1));
    if (services?.size === 0) this.#services.delete(credential);
  }

  all(): Iterable<string> {
    return this.#services.keys();
  }
}
