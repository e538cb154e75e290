import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { packageRoot } from '../../../infra/paths.ts';

const inConsole = (...parts: string[]) => join(packageRoot(), 'infra', 'console', ...parts);

describe('the page’s sources', () => {
  it('pass the type check of a browser', async () => {
    const compiler = join(packageRoot(), 'node_modules', 'typescript', 'bin', 'tsc');
    await promisify(execFile)(process.execPath, [compiler, '-p', inConsole('page', 'tsconfig.json')]).catch(
      ({ stdout }: { stdout: string }) => assert.fail(stdout),
    );
  });

  it('build() makes a whole page, and only when a source is newer', async () => {
    const { build, isBuilt } = (await import(pathToFileURL(inConsole('build.mjs')).href)) as {
      build(): Promise<void>;
      isBuilt(): boolean;
    };
    await build();
    assert.equal(isBuilt(), true);
    const output = join(packageRoot(), 'dist', 'console');
    const page = readFileSync(join(output, 'index.html'), 'utf8');
    for (const [, path] of page.matchAll(/(?:src|href)="\/([^"]+)"/g)) assert.ok(existsSync(join(output, path!)), path);
    const style = readFileSync(join(output, 'style.css'), 'utf8');
    for (const [, path] of style.matchAll(/url\("?\.\/([^")]+)"?\)/g)) assert.ok(existsSync(join(output, path!)), path);
    assert.ok(readdirSync(output).some((name) => name.endsWith('.woff2')));
    assert.ok(readFileSync(join(output, 'app.js')).length < 80_000);
  });
});
