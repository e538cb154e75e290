import { render } from 'preact';
import { start } from './live.ts';
import { App } from './shell/app.tsx';

render(<App />, document.getElementById('app')!);
start();
