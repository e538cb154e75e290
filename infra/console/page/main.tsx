import { effect } from '@preact/signals';
import { render } from 'preact';
import { snapshots, start } from './live.ts';
import { loadMe } from './me.ts';
import { App } from './shell/app.tsx';

render(<App />, document.getElementById('app')!);
// The program has come: index.html need not count any more how often it has tried
sessionStorage.removeItem('ebbtide.reloads');
start();
// Who looks, and what they may, can have changed while the server was away
effect(() => {
  void snapshots.value;
  void loadMe();
});
