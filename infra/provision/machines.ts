import type { AccessTelemetry, Machine } from '../../schemas/generated/index.ts';

/** Which virtual machines are archived, by the last change of state that telemetry tells of, or topic `machines`, which keeps it longer. */
export class Machines {
  readonly #archivedAt = new Map<string, number>();
  readonly #changedAt = new Map<string, number>();

  /** Take a record in; only changes of state count, the latest by its own time. */
  apply({ kind, vm, vmState, time }: AccessTelemetry): void {
    if (kind === 'vmState' && vm !== null && vmState !== null) this.known({ vm, state: vmState, at: time });
  }

  /** Take in what a machine is in; the latest by its own time counts. */
  known({ vm, state, at: time }: Machine): void {
    if ((this.#changedAt.get(vm) ?? Number.NEGATIVE_INFINITY) > time) return;
    this.#changedAt.set(vm, time);
    if (state === 'archived') this.#archivedAt.set(vm, time);
    else this.#archivedAt.delete(vm);
  }

  isArchived(vm: string): boolean {
    return this.#archivedAt.has(vm);
  }
}
