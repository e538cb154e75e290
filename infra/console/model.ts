import { randomUUID } from 'node:crypto';
import type { Control } from '../../schemas/generated/Control.ts';
import type { Logger } from '../log.ts';
import { Alive } from './alive.ts';
import type { ConsoleConfig } from './config.ts';
import { Controls } from './control.ts';
import type { Desk } from './desk/desk.ts';
import { Hub } from './hub.ts';
import type { ConsolePorts } from './ports.ts';
import { Rates } from './rates.ts';
import type { Change, PartView, Snapshot } from './view/protocol.ts';
import { View } from './view/view.ts';

/** The console's state and its listeners: every record goes in by {@link change} or {@link control}. */
export class Model {
  readonly view: View;
  readonly hub: Hub;
  readonly rates = new Rates();
  readonly desk: Desk;
  readonly #controls: Controls;
  readonly #alive = new Alive();
  readonly #now: () => number;
  readonly #hasDemo: boolean;
  readonly #boot = randomUUID();

  constructor(config: ConsoleConfig, ports: ConsolePorts, desk: Desk, now: () => number) {
    this.desk = desk;
    const { historyMs, points, moments, lanes, flushMs, clients, clientQueueBytes } = config;
    this.#controls = new Controls(ports.thresholds?.() ?? config.thresholds);
    this.view = new View({ historyMs, points, moments, lanes }, this.#controls.view(now()));
    this.hub = new Hub({
      flushMs,
      clients,
      clientQueueBytes,
      snapshot: () => ({ id: this.view.id, json: JSON.stringify(this.snapshot()) }),
    });
    this.#now = now;
    this.#hasDemo = ports.demo !== undefined;
  }

  snapshot(): Snapshot {
    return { boot: this.#boot, ...this.view.snapshot(this.#now(), this.#hasDemo) };
  }

  /** @param live - false for what happened before the console began, which counts towards no rate */
  change(change: Change, live = true): void {
    if (live && change.type === 'score') this.rates.scored(change.at, change.score.samples);
    if (live && change.type === 'decision') this.rates.decided();
    this.#alive.hear(change);
    if (live) this.desk.hear(change);
    const gone = this.view.apply(change);
    if (gone === null) return;
    for (const other of gone) this.hub.push(this.view.id, other);
    this.hub.push(this.view.id, change);
  }

  control(control: Control): void {
    this.#controls.apply(control);
    this.#sayControl();
  }

  /** Once a while: forget what is old, and say how everything runs. */
  tick(parts: readonly PartView[]): void {
    const now = this.#now();
    for (const id of this.view.prune(now)) this.change({ type: 'gone', id });
    this.#sayControl();
    this.desk.tick();
    this.#sayDesk();
    const status = { parts, ...this.rates.at(now), credentials: this.#alive.count(now) };
    this.change({ type: 'status', at: now, status });
  }

  #sayDesk(): void {
    const next = this.desk.view();
    if (JSON.stringify(next) !== JSON.stringify(this.view.desk)) this.change({ type: 'desk', desk: next });
  }

  /** Settings lapse, so that this is asked anew now and then. */
  #sayControl(): void {
    const next = this.#controls.view(this.#now());
    if (JSON.stringify(next) !== JSON.stringify(this.view.control)) this.change({ type: 'control', control: next });
  }
}

/** Follow what the demonstration's functions see. */
export const followDemo = (model: Model, ports: ConsolePorts, log: Logger) =>
  ports.demo?.events.subscribe({
    next: (event) => model.change({ type: 'demo', id: event.credentialId, at: event.at, event }),
    error: (error: unknown) => log.error({ err: error }, 'Events of the demonstration ended'),
  });
