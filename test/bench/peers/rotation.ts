import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataFolder, packageRoot } from '../../../infra/paths.ts';
import { type Figures, median, round, say } from '../report.ts';

const program = fileURLToPath(new URL(`./program${import.meta.url.slice(-3)}`, import.meta.url));

/** What `run.sh` of the peers is told. */
export interface Rotation {
  /** Folder of the peers; it is only read. @default `../shared/peers` beside the project */
  readonly peers?: string | undefined;
  readonly runs: number;
  readonly samples: number;
  readonly credentials: number;
  readonly per: readonly number[];
}

interface Row {
  readonly peer?: string;
  readonly per: number;
  readonly samples_per_s: number;
  readonly second_half_samples_per_s: number;
  readonly second_half_samples_per_cpu_s: number;
  readonly samples_per_cpu_s: number;
  readonly decisions: number;
  readonly mean_score: number;
  readonly peak_rss_mb: number;
  readonly other_cores: number;
}

const run = (command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.on('data', (text: Buffer) => process.stderr.write(text));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });

const prepare = async (source: string): Promise<string> => {
  const folder = join(dataFolder(), 'peers');
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true });
  if (!existsSync(join(folder, 'lstm.onnx'))) {
    say('Making the model (Python with onnx and numpy, in a virtual environment of its own)');
    await run('python3', ['-m', 'venv', '.venv'], folder);
    await run('.venv/bin/pip', ['-q', 'install', 'onnx', 'numpy'], folder);
    await run('.venv/bin/python', ['make_model.py', 'lstm.onnx', '12'], folder);
  }
  return folder;
};

const names = { kstreams: 'KafkaStreams', flink: 'Flink' } as const;

/**
 * Kafka Streams, Flink and Ebbtide in rotation on one broker, by the peers' own `run.sh`.
 *
 * @returns figures, or why there are none
 */
export const comparePeers = async (rotation: Rotation): Promise<Figures | string> => {
  const source = rotation.peers ?? join(packageRoot(), '..', 'shared', 'peers');
  if (!existsSync(join(source, 'run.sh'))) return `The peers are not at ${source}; name their folder with --peers`;
  const folder = await prepare(source);
  await run('bash', ['run.sh'], folder, {
    ...process.env,
    RUNS: String(rotation.runs),
    SAMPLES: String(rotation.samples),
    CREDENTIALS: String(rotation.credentials),
    PER: rotation.per.join(' '),
    LATENCY: '0',
    EXTRA_NAME: 'ebbtide',
    EXTRA: `'${process.execPath}' '${program}'`,
    OUT: 'results.jsonl',
  });
  const rows = readFileSync(join(folder, 'results.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const figures: Figures = {};
  for (const per of rotation.per) {
    const of = (peer: string) => rows.filter((row) => row.per === per && row.peer === peer);
    const value = (peer: string, figure: keyof Row) => median(of(peer).map((row) => Number(row[figure])));
    figures[`samplesPerS${per}`] = value('ebbtide', 'samples_per_s');
    figures[`samplesPerCpuS${per}`] = value('ebbtide', 'samples_per_cpu_s');
    figures[`peakRssMiB${per}`] = value('ebbtide', 'peak_rss_mb');
    for (const [peer, name] of Object.entries(names)) {
      const ratio = (figure: keyof Row) => round(value('ebbtide', figure) / value(peer, figure));
      figures[`ratioTo${name}${per}`] = ratio('samples_per_s');
      figures[`ratioTo${name}${per}SecondHalf`] = ratio('second_half_samples_per_s');
      figures[`ratioTo${name}${per}PerCpu`] = ratio('samples_per_cpu_s');
      figures[`ratioTo${name}${per}PerCpuSecondHalf`] = ratio('second_half_samples_per_cpu_s');
      figures[`${peer}SamplesPerS${per}`] = value(peer, 'samples_per_s');
      figures[`${peer}PeakRssMiB${per}`] = value(peer, 'peak_rss_mb');
    }
    figures[`coresOfOthers${per}`] = median(rows.filter((row) => row.per === per).map((row) => row.other_cores ?? 0));
    const told = new Set(rows.filter((row) => row.per === per && row.decisions).map((row) => row.decisions));
    const scores = rows.filter((row) => row.per === per && row.decisions).map((row) => row.mean_score);
    figures[`sameDecisions${per}`] = Number(told.size === 1);
    figures[`meanScoreSpread${per}`] = round(Math.max(...scores) - Math.min(...scores), 9);
  }
  return figures;
};
