import { signal } from '@preact/signals';
import { connect } from './connection.ts';
import { type ConnectionState, Store } from './store.ts';

/** What the server tells, for pages of components: signals over the one store that its events fill. */
export const store = new Store();

/** How the page stands with its server. */
export const connection = signal<ConnectionState>('connecting');
/** Mode, kill switch and thresholds in force. */
export const control = signal(store.view.control);
/** What runs, and how fast. */
export const status = signal(store.view.status);
/** How the archive is, and what waits in queue and investigations. */
export const desk = signal(store.view.desk);
/** What the page did not see before the last snapshots; null once somebody has read that. */
export const missed = signal(store.missed);
/** Counts up with each snapshot: whoever holds what was read before reads it anew. */
export const snapshots = signal(0);

/** Begin to listen to the server, for as long as the page is open. */
export const start = (): void => {
  store.on('connection', () => {
    connection.value = store.connection;
  });
  store.on('control', () => {
    control.value = store.view.control;
  });
  store.on('status', () => {
    status.value = store.view.status;
  });
  store.on('desk', () => {
    desk.value = store.view.desk;
  });
  connect({
    snapshot: (snapshot) => {
      store.load(snapshot);
      missed.value = store.missed;
      snapshots.value += 1;
    },
    changes: (changes, id) => store.take(changes, id),
    state: (state) => store.connected(state),
  });
};
