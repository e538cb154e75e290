import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../infra/paths.ts';
import type { Scenario } from './scenario.ts';

/** Units put into a root of the test's own, and enabled there. */
export const systemd: Scenario = {
  title: 'systemd',
  tools: ['install', 'systemctl', 'systemd-sysusers'],
  prepare: async ({ shell }) => {
    for (const folder of ['node_modules', 'root/etc/systemd/system', 'root/usr/lib/sysusers.d'])
      mkdirSync(join(shell.folder, folder), { recursive: true });
    symlinkSync(packageRoot(), join(shell.folder, 'node_modules', 'ebbtide'));
    return [
      ['/etc/systemd/system/', 'root/etc/systemd/system/'],
      ['/usr/lib/sysusers.d/', 'root/usr/lib/sysusers.d/'],
      // Nothing is started in a root that nobody has booted
      ['--now', '--root="$PWD/root"'],
    ];
  },
  commands: {
    'install -m 644 node_modules/ebbtide/deploy/systemd/*.service /etc/systemd/system/': {
      says: /ebbtide@\.service/,
      adds: '&& ls root/etc/systemd/system',
    },
    'install -m 644 node_modules/ebbtide/deploy/systemd/sysusers.conf /usr/lib/sysusers.d/ebbtide.conf': {
      says: /ebbtide/,
      adds: '&& cat root/usr/lib/sysusers.d/ebbtide.conf',
    },
    'systemd-sysusers': { says: /Creating user 'ebbtide'/, adds: '--root="$PWD/root" && cat root/etc/passwd' },
    'systemctl enable --now ebbtide@run-lifecycle ebbtide@run-actuate ebbtide@run-archive ebbtide@serve-token':
      /Created symlink .*ebbtide@serve-token\.service/,
  },
};
