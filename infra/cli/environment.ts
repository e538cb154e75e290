import { arch, cpus, platform } from 'node:os';
import { version } from '../version.ts';

/** Facts about where something was measured. */
export const measuredOn = (seconds: number) => ({
  ebbtide: version(),
  node: process.versions.node,
  platform: `${platform()} ${arch()}`,
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  seconds,
});
