import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for a server's data, gone when it is removed. */
export const privateFolder = () => {
  const path = mkdtempSync(join(tmpdir(), 'ebbtide-dashboards-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
