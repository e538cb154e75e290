import type { AccessTelemetry } from '../../schemas/generated/index.ts';

/** Which virtual machines are archived, by the last change of state that telemetry tells of. */
export class Machines {
  readonly #archivedAt = new Map<string, number>();
  readonly #changedAt = new Map<string, number>();

  /** Take a record in; only changes of state count, the latest by its own time. */
  apply({ kind, vm, vmState, time }: AccessTelemetry): void {
    if (kind !== 'vmState' || vm === null || vmState === null) return;
    if ((this.#changedAt.get(vm) ?? Number.NEGATIVE_INFINITY) > time) return;
    this.#changedAt.set(vm, time);
    if (vmState === 'archived') this.#archivedAt.set(vm, time);
    else this.#archivedAt.delete(vm);
  }

  isArchived(vm: string): boolean {
    return this.#archivedAt.has(vm);
  }
}
