import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { parse, parseAllDocuments } from 'yaml';
import { blocksOf, pages } from '../docs/blocks.ts';
import { combinations, definitions, type Manifest, render } from './chart.ts';
import { deployTools, orSkip } from './tools.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** A schema of a definition, made to refuse the fields that an API server would drop. */
const closed = (schema: Schema): Schema => {
  const { properties, additionalProperties, items } = schema;
  const open = additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'];
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)])),
      ...(open ? {} : { additionalProperties: false }),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: closed(additionalProperties) }),
    ...(items && { items: closed(items) }),
  };
};

test('rendered manifests are valid Kubernetes objects', async (t) => {
  const tools = await deployTools();
  const helm = orSkip(t, tools.findHelm(), 'Helm');
  const schemas = orSkip(t, tools.findKubernetesSchemas(), 'the schemas of Kubernetes');
  if (!helm || !schemas) return;
  const others = new Map<string, string>();
  for (const [kind, file] of Object.entries(definitions)) {
    const found = orSkip(t, tools.findSchema(file), `the schema of a ${kind}`);
    if (!found) return;
    others.set(kind, found);
  }
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
  ajv.addSchema(JSON.parse(readFileSync(join(schemas, '_definitions.json'), 'utf8')), '_definitions.json');
  const defined = (path: string): object => {
    // Patterns are of Go, whose flags JavaScript does not know
    const definition = parse(readFileSync(path, 'utf8').replaceAll('(?i)', '')) as {
      spec: { versions: readonly { schema: { openAPIV3Schema: Schema } }[] };
    };
    return closed(definition.spec.versions[0]!.schema.openAPIV3Schema);
  };
  const schemaOf = ({ apiVersion, kind }: Manifest): object | undefined => {
    const other = others.get(kind);
    if (other) return defined(other);
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const suffix = [group!.replace(/\.k8s\.io$/, ''), version].filter(Boolean).join('-');
    const file = join(schemas, `${kind.toLowerCase()}-${suffix}.json`);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as object) : undefined;
  };
  const rendered = new Map<string, Manifest>();
  const compiled = new Map<string, ReturnType<Ajv['compile']>>();
  const unknown = new Set<string>();
  for (const settings of combinations)
    for (const manifest of await render(helm, settings)) {
      const { kind, metadata } = manifest;
      const schema = compiled.has(kind) ? {} : schemaOf(manifest);
      if (!schema) {
        unknown.add(kind);
        continue;
      }
      if (!compiled.has(kind)) compiled.set(kind, ajv.compile(schema));
      const validate = compiled.get(kind)!;
      assert.ok(validate(manifest), `${kind} ${metadata.name}: ${ajv.errorsText(validate.errors)}`);
      rendered.set(kind, manifest);
    }
  assert.deepEqual([...unknown], []);
  for (const kind of [
    'ConfigMap',
    'ServiceAccount',
    'Service',
    'Deployment',
    'StatefulSet',
    'DaemonSet',
    'PodDisruptionBudget',
    'NetworkPolicy',
    ...others.keys(),
  ])
    assert.ok(rendered.has(kind), kind);
  const broken = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: { replica: 1 } };
  assert.equal(compiled.get('Deployment')!(broken), false);
  const shown = pages().flatMap((page) => blocksOf(page, 'yaml kubernetes'));
  assert.ok(shown.length > 0);
  for (const document of shown.flatMap((block) => parseAllDocuments(block))) {
    const manifest = document.toJS() as Manifest;
    const validate = compiled.get(manifest.kind) ?? ajv.compile(schemaOf(manifest)!);
    assert.ok(validate(manifest), `${manifest.kind} in the documents: ${ajv.errorsText(validate.errors)}`);
  }
  const { spec, ...scaled } = rendered.get('ScaledObject')!;
  const [trigger, ...triggers] = spec!.triggers;
  for (const misspelt of [
    { ...spec, cooldownPeriods: 300 },
    { ...spec, triggers: [{ ...trigger, authenticationReference: { name: 'mine' } }, ...triggers] },
  ])
    assert.equal(compiled.get('ScaledObject')!({ ...scaled, spec: misspelt }), false, JSON.stringify(misspelt));
});
