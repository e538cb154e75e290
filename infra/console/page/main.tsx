import { render } from 'preact';
import { start } from './live.ts';
import { loadMe } from './me.ts';
import { App } from './shell/app.tsx';

render(<App />, document.getElementById('app')!);
start();
void loadMe();
