/** The thread of one trial; see `threadedTrial.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { NEVER } from 'rxjs';
import { openArchive } from '../clickhouse/client.ts';
import type { FromTrial, TrialData } from './threadedTrial.ts';
import { thrown } from './threads.ts';
import type { Trial } from './trial.ts';
import { archiveTrials } from './trialParts.ts';

const { pipeline, clickhouse, config, wish } = workerData as TrialData;
const tell = (message: FromTrial) => parentPort!.postMessage(message);
const archive = openArchive(clickhouse);
try {
  const attempt = archiveTrials(archive, config)[pipeline] as Trial<object>;
  const view = await attempt({
    ...wish,
    // The thread is ended where nobody wants it any more
    stopping: NEVER,
    progressed: (done, all) => tell({ kind: 'progress', done, all }),
  });
  tell({ kind: 'view', view });
} catch (error) {
  tell({ kind: 'failed', error: thrown(error) });
} finally {
  await archive.close();
}
