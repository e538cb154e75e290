import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EbbtideError } from '../../schemas/errors.ts';
import { packageRoot } from '../paths.ts';

/** One file of the built page. */
export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/**
 * Read the built page into memory, by path; builds it first where its sources are newer and the bundler is installed.
 *
 * @throws {EbbtideError} `SERVICE_MISSING` when it is not built and cannot be
 */
export const loadAssets = async (): Promise<ReadonlyMap<string, Asset>> => {
  const folder = join(packageRoot(), 'dist', 'console');
  const builder = join(packageRoot(), 'infra', 'console', 'build.mjs');
  try {
    if (existsSync(builder)) await ((await import(pathToFileURL(builder).href)) as { build(): Promise<void> }).build();
  } catch (error) {
    if (!existsSync(join(folder, 'index.html')))
      throw new EbbtideError(
        'SERVICE_MISSING',
        `The console's page is not built: ${(error as Error).message}; run npm run setup`,
        {},
        error,
      );
  }
  const assets = new Map<string, Asset>();
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const type = types[extname(name)];
    if (!type) continue;
    const body = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    assets.set(name === 'index.html' ? '/' : `/${name}`, { body, type, etag });
  }
  if (!assets.has('/'))
    throw new EbbtideError(
      'SERVICE_MISSING',
      `The console's page is not built: ${folder} has no index.html; run npm run setup`,
      { folder },
    );
  return assets;
};

/** What a content policy lets run of a page's own scripts without a file: the SHA-256 of each. */
export const inlineSources = ({ body }: Asset): string =>
  [...body.toString().matchAll(/<script>([\s\S]*?)<\/script>/g)]
    .map(([, script]) => ` 'sha256-${createHash('sha256').update(script!).digest('base64')}'`)
    .join('');
