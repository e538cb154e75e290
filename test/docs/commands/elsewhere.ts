/** A command that another test runs, or CI. */
export interface RunElsewhere {
  /** The file that does. */
  readonly by: string;
  /** Words of that file by which it does. */
  readonly words: string;
}

/** Why nobody runs a command. */
export interface NotRun {
  readonly why: string;
}

const packaging = (words: string): RunElsewhere => ({ by: 'test/packaging/package.test.ts', words });
const acls = (words: string): RunElsewhere => ({ by: 'test/infra/kafka/acls.test.ts', words });
const evaluated = (subject: string, words: string): RunElsewhere => ({
  by: `test/evaluation/${subject}.test.ts`,
  words,
});
const trained = (words: string): RunElsewhere => ({ by: 'test/infra/cli/train.test.ts', words });
const ci = (words: string): RunElsewhere => ({ by: '.ci/run', words });
const image = (words: string): RunElsewhere => ({ by: 'test/deploy/image.test.ts', words });

const benchmarks = ['throughput', 'latency', 'memory', 'peers', 'chain', 'agent', 'gateway', 'access', 'runtimes'];
const measures: NotRun = { why: 'measures for minutes, and its figures mean something on a quiet machine alone' };
const engine: NotRun = {
  why: 'builds and runs images of gigabytes; test/deploy/compose.test.ts checks what compose.yaml says',
};

const kafkaAcls = 'KAFKA_ACLS="kafka-acls.sh --command-config admin.properties"';

/** Commands that are not run beside the stack. */
export const elsewhere: Readonly<Record<string, RunElsewhere | NotRun>> = {
  'npm start': { by: 'test/docs/guides.test.ts', words: "'ebbtide up --demo --port 0'" },
  'ebbtide up --demo': { by: 'test/docs/guides.test.ts', words: "'ebbtide up --demo --port 0'" },
  'ebbtide up': packaging("'ebbtide', 'up', '--json'"),
  'ebbtide up --fresh': { by: 'test/docs/commands.test.ts', words: "'ebbtide up --fresh --demo'" },
  'ebbtide up --fresh --demo': { by: 'test/docs/commands.test.ts', words: "'ebbtide up --fresh --demo'" },
  'npm test': ci('step npm test\n'),
  'npm test -- operators': ci('step npm test\n'),
  'npm run setup': ci('step node infra/setup/setup.mjs'),
  'npm pack': packaging("'pack', '--ignore-scripts'"),
  'npm install --ignore-scripts ../ebbtide/ebbtide-*.tgz': packaging("'npm', ['install', ...flags"),
  'install -d /opt/ebbtide && cd /opt/ebbtide && npm install --ignore-scripts /tmp/ebbtide-*.tgz':
    packaging("'npm', ['install', ...flags"),
  'node node_modules/ebbtide/infra/setup/setup.mjs --without openbao': packaging("'--without', 'openbao'"),
  'npm install --ignore-scripts ebbtide typescript @types/node': packaging("'npm', ['install', ...flags"),
  'npx tsc -p .': packaging("typescript/bin/tsc', '-p', example"),
  'node out/check.js': packaging("'out', 'check.js'"),
  'KAFKA_BROKERS=kafka:9092 REGISTRY_URL=http://registry:8081 node out/main.js': packaging("'out', 'main.js'"),
  ...Object.fromEntries([...benchmarks, 'delivery'].map((name) => [`npm run bench -- ${name}`, measures])),
  'npm run bench -- all > results.jsonl && npm run bench -- all --table results.jsonl': measures,
  'ebbtide train anomaly': {
    why: 'learns from the recordings that ship for minutes; others learn from less by the same command',
  },
  'ebbtide train anomaly --from file=telemetry.csv --window 60s': trained("'telemetry.csv'"),
  'ebbtide train anomaly --from file=telemetry.csv --window 60s --seed 7': trained("'telemetry.csv'"),
  'ebbtide train anomaly --resume': trained("'train', 'anomaly', '--resume'"),
  'ebbtide evaluate access --data nasa': evaluated('access', 'evaluateNasa('),
  'ebbtide evaluate access --data nasa --html access.html': evaluated('access', 'evaluateNasa('),
  'ebbtide evaluate biometric --data cmu': evaluated('biometric', 'cmuEvaluator('),
  'ebbtide evaluate scope --data web-bot': evaluated('scope', 'evaluateWebBot('),
  'ebbtide evaluate scope --data web-bot --html scope.html': evaluated('scope', 'evaluateWebBot('),
  'ebbtide evaluate anomaly --data nab --detectors ebbtide,statistics,lstm,linear,withoutForecast,shipped,windowedGaussian,ewma,pca,isolationForest,random':
    evaluated('anomaly', 'evaluateNab('),
  'ebbtide evaluate anomaly --data smd --detectors ebbtide,statistics,lstm,linear,withoutForecast,shipped,shippedCold,windowedGaussian,ewma,pca,isolationForest,random':
    evaluated('anomaly', 'evaluateSmd('),
  'ebbtide kafka acls > acls.sh': acls('ebbtide kafka acls > acls.sh'),
  [`BROKERS=kafka:9092 ${kafkaAcls} sh acls.sh`]: acls(`${kafkaAcls} sh acls.sh`),
  [`ebbtide kafka acls > acls.sh && BROKERS=kafka:9092 ${kafkaAcls} sh acls.sh`]: acls(`${kafkaAcls} sh acls.sh`),
  'kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin.properties --list > granted.txt': acls(
    '--command-config admin.properties --list > granted.txt',
  ),
  'kafka-acls.sh --bootstrap-server kafka:9092 --list | ebbtide kafka acls --surplus - > narrow.sh':
    acls('--surplus - > narrow.sh'),
  'ebbtide kafka acls --surplus granted.txt > narrow.sh': acls('--surplus granted.txt > narrow.sh'),
  [`BROKERS=kafka:9092 ${kafkaAcls} sh narrow.sh`]: acls(`${kafkaAcls} sh narrow.sh`),
  'kafka-consumer-groups.sh --bootstrap-server kafka:9092 --group ebbtide-archive --all-topics --reset-offsets --to-earliest --execute':
    { by: 'test/faults/disaster.test.ts', words: "'kafka-consumer-groups.sh " },
  'KUBEBUILDER_ASSETS=/opt/kubernetes/bin npm test -- deploy/kubernetes': {
    why: 'is a test itself, where somebody has fetched these programs',
  },
  'docker build --tag registry.example/ebbtide:0.1.0 .': image("'build', '--tag', image"),
  'docker build --build-arg EMBEDDED=1 --tag ebbtide:embedded .': engine,
  'docker run --network host --volume ebbtide:/var/lib/ebbtide --env EBBTIDE_HEALTH_URL=http://127.0.0.1:7070/health/live ebbtide:embedded up --demo':
    engine,
  'docker push registry.example/ebbtide:0.1.0': { why: 'wants a registry of the reader’s own' },
  'docker compose up --build': engine,
  'docker compose logs console': engine,
  'docker compose run --rm --no-deps --entrypoint cat vault-init /run/ebbtide/admin/root-token': engine,
  'docker compose exec --env BAO_ADDR=http://127.0.0.1:8200 --env BAO_TOKEN openbao bao auth enable userpass': engine,
  'docker compose exec --env BAO_ADDR=http://127.0.0.1:8200 --env BAO_TOKEN openbao bao write -format=json pki-endpoints/issue/ebbtide-endpoint common_name=login.example.com ttl=720h':
    engine,
  'docker compose exec console ebbtide credentials list': engine,
  'docker compose exec archive ebbtide query "SELECT action, count() FROM decisions GROUP BY ALL"': engine,
  'docker compose exec console ebbtide control mode enforce --reason "trying it out"': engine,
  'curl -H "Authorization: Bearer $(docker compose exec services cat /run/ebbtide/secrets/token/token-service.secret)" -H \'Content-Type: application/json\' -d \'{"event":"orders","function":"resize","instance":"i-1"}\' http://127.0.0.1:7071/v1/credentials':
    engine,
};
