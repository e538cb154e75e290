import { z } from 'zod';
import { vmStates } from '../../../models/access/history.ts';
import { accessRecord, plausible, type Reading, readEach } from './reading.ts';

type VmState = (typeof vmStates)[number];

/** What libvirt and clouds call the things that we have four names for; in lower case. */
const names: ReadonlyMap<string, VmState> = new Map(
  Object.entries({
    ...(Object.fromEntries(vmStates.map((state) => [state, state])) as Record<VmState, VmState>),
    // virsh event, virDomainEventType
    defined: 'created',
    started: 'running',
    resumed: 'running',
    suspended: 'stopped',
    shutdown: 'stopped',
    crashed: 'stopped',
    pmsuspended: 'stopped',
    undefined: 'archived',
    // Clouds
    pending: 'created',
    provisioning: 'created',
    staging: 'created',
    stopping: 'stopped',
    'shutting-down': 'stopped',
    shutoff: 'stopped',
    paused: 'stopped',
    deallocated: 'stopped',
    terminated: 'archived',
    deleted: 'archived',
  } satisfies Record<string, VmState>),
);

const time = z.union([z.number(), z.string()]);
const plainSchema = z.looseObject({
  time,
  vm: z.string().min(1),
  state: z.string().optional(),
  event: z.string().optional(),
});
/** EC2's notification on EventBridge. */
const notificationSchema = z.looseObject({
  time,
  detail: z.looseObject({ 'instance-id': z.string().min(1), state: z.string() }),
});

/** `virsh event --all --loop --timestamp` */
const virsh = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d{4}): event '(\S+)' for domain '?([^':]+)'?: (\w+)/;

const timeOf = (value: number | string): number => (typeof value === 'number' ? value : Date.parse(value));

const parsed = (line: string): { at: number; vm: string; state: string } | string => {
  const event = virsh.exec(line);
  if (event) {
    const [, day, clock, offset, kind, vm, what] = event;
    const state = kind === 'lifecycle' ? what! : '';
    return { at: Date.parse(`${day}T${clock}${offset!.slice(0, 3)}:${offset!.slice(3)}`), vm: vm!, state };
  }
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch (error) {
    return `It is neither JSON nor a line of virsh event: ${(error as Error).message}`;
  }
  const notification = notificationSchema.safeParse(object);
  if (notification.success) {
    const { detail } = notification.data;
    return { at: timeOf(notification.data.time), vm: detail['instance-id'], state: detail.state };
  }
  const plain = plainSchema.safeParse(object);
  if (!plain.success) return `It is no event of a machine: ${z.prettifyError(plain.error)}`;
  return { at: timeOf(plain.data.time), vm: plain.data.vm, state: plain.data.state ?? plain.data.event ?? '' };
};

/**
 * Changes of machines' states: JSON lines `{"time", "vm", "state"}`, EC2's notifications as JSON lines, or what
 * `virsh event --all --loop --timestamp` prints. States that say nothing of these four, such as a reboot, are left out.
 *
 * @param text whole lines
 */
export const readMachines = (text: string): Reading =>
  readEach(text, (line) => {
    const event = parsed(line);
    if (typeof event === 'string') return event;
    if (!plausible(event.at)) return 'Its time is neither epoch milliseconds nor ISO 8601';
    const vmState = names.get(event.state.toLowerCase());
    return vmState ? [accessRecord({ user: '', kind: 'vmState', time: event.at, vm: event.vm, vmState })] : [];
  });
