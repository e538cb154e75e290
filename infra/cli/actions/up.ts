import type { Running } from '../../context.ts';
import { dataFolder } from '../../paths.ts';
import { claimFolder } from '../../setup/guarded.ts';
import { bringUp } from '../bring-up.ts';
import type { Action } from '../invocation.ts';
import { type Closable, closeAll, untilStopped } from '../lifetime.ts';
import { forgetServers } from '../platform.ts';
import { duration } from '../terminal.ts';

interface Options {
  readonly demo?: boolean;
  readonly port?: number;
  readonly fresh?: boolean;
}

/** Run everything in this process until stopped. */
export const run: Action<Options> = async ({ terminal, load }, { demo = false, port, fresh = false }) => {
  const began = performance.now();
  // People watch the page and these lines; what parts log is for them only when something is wrong
  process.env.EBBTIDE_LOG ??= 'warn';
  const { config, file } = await load();
  const claim = await claimFolder(dataFolder(), 'ebbtide up', 'CONFIG_INVALID', 0);
  const below: Closable[] = [{ name: 'data folder', close: async () => claim.release() }];
  const parts: Running[] = [];
  let stopped: Promise<number>;
  try {
    if (fresh) forgetServers();
    terminal.say(file ? `Configured by ${file}` : 'No configuration file: everything runs embedded');
    const console = await bringUp({ config, demo, port, say: terminal.say }, below, parts);
    terminal.say(`Ready after ${duration(performance.now() - began)}`);
    // Whoever reads that it is ready may stop it at once
    stopped = untilStopped(parts, below, terminal);
    if (terminal.json) terminal.printJson({ ready: true, console: console.link, pid: process.pid });
    else announce(console.link, demo, terminal.print, terminal.style);
  } catch (error) {
    await closeAll([...below, ...parts], terminal.say);
    throw error;
  }
  return stopped;
};

const announce = (
  link: string,
  demo: boolean,
  print: (line?: string) => void,
  style: (style: 'bold' | 'dim' | 'cyan', text: string) => string,
): void => {
  print();
  print(`  ${style('bold', 'Open')} ${style('cyan', link)}`);
  print();
  if (demo) print('  Nine functions hold real credentials. In about half a minute one of them is taken over:');
  if (demo)
    print('  watch its tide fall, and Vault refuse it. Then one more every two minutes; the button "Misbehave"');
  if (demo) print('  does the same to any.');
  else print('  Credentials appear as soon as the token service issues them and their telemetry comes in.');
  print();
  print(`  ${style('dim', 'In another terminal:')}  npx ebbtide credentials list`);
  print(`                        npx ebbtide query "SELECT subject, action, count() FROM decisions GROUP BY ALL"`);
  print(`                        npx ebbtide control kill-switch on`);
  print(`  ${style('dim', 'Ctrl-C ends it.')}`);
  print();
};
