import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, setupFolder } from './places.mjs';

const file = () => setupFolder('setup.json');

/** What the last set-up left: packages, addons by runtime, the OpenBao binary, the build. Empty when there was none. */
export const readStamp = () => {
  try {
    return JSON.parse(readFileSync(file(), 'utf8'));
  } catch {
    return {};
  }
};

/** Merge some entries into the stamp; the file is replaced whole, so a reader never sees half of it. */
export const updateStamp = (entries) => {
  mkdirSync(setupFolder(), { recursive: true });
  const temporary = `${file()}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ ...readStamp(), ...entries }, null, 2)}\n`);
  renameSync(temporary, file());
};

/** Size and time of change of one file as a short text; `absent` when it is not there. */
export const fileMark = (path) => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size}:${Math.round(stat.mtimeMs)}` : 'absent';
};

/** A hash over the names, sizes and times of change of all files below some folders that match. */
export const treeMark = (folders, matches) => {
  const hash = createHash('sha256');
  const walk = (folder) => {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules') walk(path);
      } else if (matches(entry.name)) hash.update(`${path.slice(root.length)}:${fileMark(path)}\n`);
    }
  };
  for (const folder of folders) walk(join(root, folder));
  return hash.digest('hex');
};
