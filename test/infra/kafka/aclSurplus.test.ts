import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { grantsListed, grantsOf, missingRights, surplusArguments } from '../../../infra/kafka/aclSurplus.ts';
import { aclArguments } from '../../../infra/kafka/acls.ts';
import { temporaryFolder } from '../../services/folder.ts';
import { ebbtide } from '../cli/ebbtide.ts';

test('rights that are too much must be found in what Kafka lists, and nobody else touched', () => {
  const listing = `Current ACLs for resource \`ResourcePattern(resourceType=TOPIC, name=control, patternType=LITERAL)\`:
 \t(principal=User:ebbtide-agent, host=*, operation=WRITE, permissionType=ALLOW)
\t(principal=User:ebbtide-agent, host=10.0.0.1, operation=DESCRIBE_CONFIGS, permissionType=ALLOW)
\t(principal=User:ebbtide-agent, host=*, operation=READ, permissionType=DENY)
\t(principal=User:ebbtide-backup, host=*, operation=READ, permissionType=ALLOW)

Current ACLs for resource \`ResourcePattern(resourceType=TOPIC, name=telemetry.resource, patternType=LITERAL)\`:
 \t(principal=User:ebbtide-agent, host=*, operation=WRITE, permissionType=ALLOW)

Current ACLs for resource \`ResourcePattern(resourceType=DELEGATION_TOKEN, name=x, patternType=LITERAL)\`:
 \t(principal=User:ebbtide-agent, host=*, operation=DESCRIBE, permissionType=ALLOW)

Current ACLs for resource \`ResourcePattern(resourceType=CLUSTER, name=kafka-cluster, patternType=LITERAL)\`:
 \t(principal=User:ebbtide-agent, host=*, operation=IDEMPOTENT_WRITE, permissionType=ALLOW)
`;
  const needed = aclArguments('agent', 'User:ebbtide-agent').flatMap(grantsOf);
  const ofAgent = ['--remove', '--force', '--allow-principal', 'User:ebbtide-agent', '--allow-host'];
  const onControl = ['--resource-pattern-type', 'literal', '--topic', 'control'];
  assert.deepEqual(
    surplusArguments(grantsListed(listing), needed).map(({ args }) => args),
    [
      [...ofAgent, '*', '--operation', 'Write', ...onControl],
      [...ofAgent, '10.0.0.1', '--operation', 'DescribeConfigs', ...onControl],
      [...ofAgent, '*', '--operation', 'IdempotentWrite', '--cluster'],
    ],
  );
});

test('nothing may be taken from a process that runs by it, for want of a right of its own', async (t) => {
  const on = (
    name: string,
    operation: string,
  ) => `Current ACLs for resource \`ResourcePattern(resourceType=TOPIC, name=${name}, patternType=LITERAL)\`:
\t(principal=User:ebbtide-agent, host=*, operation=${operation}, permissionType=ALLOW)
`;
  const needed = aclArguments('agent', 'User:ebbtide-agent').flatMap(grantsOf);
  const own = needed.map(({ name, operation }) => on(name, operation)).join('');
  const all = on('*', 'ALL');
  const others = aclArguments('archive', 'User:ebbtide-archive').flatMap(grantsOf);
  assert.deepEqual(missingRights(grantsListed(all), [...needed, ...others]), needed);
  assert.deepEqual(missingRights(grantsListed(all + own), [...needed, ...others]), []);
  assert.deepEqual(missingRights(grantsListed(on(needed[0]!.name, needed[0]!.operation)), needed), []);

  const file = join(temporaryFolder(t), 'listing');
  writeFileSync(file, all);
  const refused = await ebbtide(['kafka', 'acls', 'agent', '--surplus', file]);
  assert.notEqual(refused.status, 0);
  assert.match(
    refused.stderr,
    /rights that User:ebbtide-agent need are not listed.* run what "ebbtide kafka acls" prints/,
  );
  writeFileSync(file, all + own);
  const { status, stdout } = await ebbtide(['kafka', 'acls', 'agent', '--surplus', file]);
  assert.equal(status, 0);
  assert.match(stdout, /--remove .*--operation All /);
});

test('what is no list of rights must be refused', async (t) => {
  const file = join(temporaryFolder(t), 'listing');
  writeFileSync(file, 'Error while executing ACL command\n');
  const answer = await ebbtide(['kafka', 'acls', '--surplus', file]);
  assert.notEqual(answer.status, 0);
  assert.match(answer.stderr, /lists no rights; give what kafka-acls\.sh --list prints/);
});
