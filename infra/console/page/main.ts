import { announce } from './api.ts';
import { connect } from './connection.ts';
import { addDetail } from './detail.ts';
import { DrawLoop } from './draw/loop.ts';
import { addHeader } from './header.ts';
import { LaneList } from './lanes.ts';
import { drawLegend } from './legend.ts';
import { addPointing } from './pointing.ts';
import { Store } from './store.ts';
import { setTheme, storedTheme } from './theme.ts';
import { addToolbar } from './toolbar.ts';
import { nameOf } from './words.ts';

const pruneMs = 5_000;

setTheme(storedTheme());
const store = new Store();
const loop = new DrawLoop(store);
const lanes = new LaneList(store, loop);
addHeader(store);
addToolbar(store, lanes, loop);
addDetail(store, lanes);
addPointing(store, lanes, loop);
drawLegend();
lanes.arrange();

store.onChange((change) => {
  if (change.type === 'effect' && change.effect.action === 'revoke' && change.effect.outcome === 'enforced') {
    const lane = store.view.lanes.get(change.id);
    if (lane) announce(`${nameOf(lane)}: credential revoked. ${change.effect.detail}`);
  }
  if (change.type === 'demo' && change.event.kind === 'refused') announce(change.event.text);
});
setInterval(() => store.view.prune(store.now()), pruneMs);
connect({
  snapshot: (snapshot) => store.load(snapshot),
  changes: (changes) => store.take(changes),
  state: (state) => store.connected(state),
});
