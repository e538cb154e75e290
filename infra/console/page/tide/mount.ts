import { announce } from '../api.ts';
import type { Store } from '../store.ts';
import { nameOf } from '../words.ts';
import { addDetail } from './detail.ts';
import { DrawLoop } from './draw/loop.ts';
import { LaneList } from './lanes.ts';
import { drawLegend } from './legend.ts';
import { addPointing } from './pointing.ts';
import { addToolbar } from './toolbar.ts';

const pruneMs = 5_000;

/** Fill the home page's elements, once: it lives as long as the window, and is only hidden behind other pages. */
export const mountTide = (store: Store): void => {
  const loop = new DrawLoop(store);
  const lanes = new LaneList(store, loop);
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
};
