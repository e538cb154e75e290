// Makes what the servers of compose.yaml share, once: a key that unseals OpenBao, passwords, the token service's secret.
// usage: node secrets.mjs UNSEAL CLICKHOUSE TOKEN-SECRET CLICKHOUSE-SECRET GRAFANA OWNED
// (folders, each a volume of those alone who need it; those in OWNED are given to the user of Ebbtide's image)
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** User of Ebbtide's image. */
const ebbtide = 10_001;
/** User of Grafana's image. */
const grafana = 472;

const [unsealFolder, clickhouseFolder, tokenFolder, passwordFolder, grafanaFolder, ownedFolder] = process.argv.slice(2);
if (!ownedFolder)
  throw new Error('Six folders are needed: UNSEAL CLICKHOUSE TOKEN-SECRET CLICKHOUSE-SECRET GRAFANA OWNED');

/** Owners can be set by root alone; elsewhere files stay with whoever runs this. */
const give = (path, owner, mode) => {
  if (process.getuid() === 0 && owner !== undefined) chownSync(path, owner, owner);
  chmodSync(path, mode);
};
const once = (folder, name, content, owner, mode) => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, content(), { mode: 0o600 });
  give(path, owner, mode);
  return readFileSync(path);
};
const password = () => randomBytes(24).toString('base64url');

// OpenBao's image drops to a user of its own, and nobody else has this volume
once(unsealFolder, 'unseal.key', () => randomBytes(32), undefined, 0o444);
once(tokenFolder, 'token-service.secret', password, ebbtide, 0o400);
once(grafanaFolder, 'admin.password', password, grafana, 0o400);
const writer = once(passwordFolder, 'clickhouse.password', password, ebbtide, 0o400);
const reader = once(grafanaFolder, 'clickhouse.password', password, grafana, 0o400);

const user = (name, secret, profile, grants) => `    <${name}>
      <password_sha256_hex>${createHash('sha256').update(secret).digest('hex')}</password_sha256_hex>
      <networks><ip>::/0</ip></networks>
      <profile>${profile}</profile>
      <quota>default</quota>
      <grants>${grants.map((grant) => `<query>${grant}</query>`).join('')}</grants>
    </${name}>`;
const users = `<clickhouse>
  <profiles><ebbtide-readers><readonly>2</readonly></ebbtide-readers></profiles>
  <users>
    <default remove="remove"/>
${user('ebbtide', writer, 'default', ['GRANT ALL ON ebbtide.*', 'GRANT TABLE ENGINE ON *', 'GRANT SELECT ON system.*'])}
${user('grafana', reader, 'ebbtide-readers', ['GRANT SELECT ON ebbtide.*', 'GRANT SELECT ON system.*'])}
  </users>
</clickhouse>
`;
mkdirSync(clickhouseFolder, { recursive: true });
writeFileSync(join(clickhouseFolder, 'ebbtide.xml'), users);
chmodSync(join(clickhouseFolder, 'ebbtide.xml'), 0o444);

// A volume that an image has no folder for belongs to root
mkdirSync(ownedFolder, { recursive: true });
for (const name of readdirSync(ownedFolder)) give(join(ownedFolder, name), ebbtide, 0o700);
process.stdout.write('Secrets are there\n');
