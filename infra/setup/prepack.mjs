import { extractApi } from './api.mjs';
import { runMain } from './say.mjs';
import { setUp } from './setup.mjs';

/** Build what the package is made of; npm runs it before it packs. */
await runMain(async () => {
  await setUp({ without: ['openbao'] });
  await extractApi(true);
});
