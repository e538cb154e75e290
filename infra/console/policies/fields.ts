import { z } from 'zod';
import type { PolicyPipeline } from '../../../schemas/control.ts';
import { keylifePolicySchema } from '../../../schemas/keylifePolicy.ts';
import { lifecyclePolicySchema } from '../../../schemas/policy.ts';
import { preprovisionPolicySchema } from '../../../schemas/preprovisionPolicy.ts';
import { scopePolicySchema } from '../../../schemas/scopePolicy.ts';
import { builtInScope } from '../../../schemas/scopes.ts';
import type { PolicyField } from '../view/policy.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly minItems?: number;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

const schemas: Readonly<Record<PolicyPipeline, z.ZodType>> = {
  lifecycle: lifecyclePolicySchema,
  scope: scopePolicySchema,
  keylife: keylifePolicySchema,
  preprovision: preprovisionPolicySchema,
};

/** Limits that only say "a number that a computer holds". */
const limit = (value: number | undefined): number | null =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value;

/** Values that are known beside those that a schema lists. */
const known: Readonly<Record<string, readonly string[]>> = {
  'ranges.scope': Object.values(builtInScope),
  'groups.*.ranges.scope': Object.values(builtInScope),
};

const anyName = '*';
const inRows: readonly PolicyField['kind'][] = ['number', 'choice', 'text', 'switch', 'texts'];

/** Columns of a list whose rows are flat, and what each entry has; none of anything else. */
const columnsOf = ({ type, items, additionalProperties }: Node, path: readonly string[]): readonly PolicyField[] => {
  if (type === 'array' && items?.properties) {
    const columns = fieldsOf(items, path, 1);
    return columns.every(({ kind }) => inRows.includes(kind)) ? columns : [];
  }
  if (type !== 'object' || typeof additionalProperties !== 'object') return [];
  const columns = fieldsOf(additionalProperties, [...path, anyName], 1);
  return columns.every(({ kind }) => kind !== 'json' && kind !== 'entries') ? columns : [];
};

const kindOf = (node: Node, columns: readonly PolicyField[]): PolicyField['kind'] => {
  if (node.enum) return 'choice';
  if (node.type === 'integer' || node.type === 'number') return 'number';
  if (node.type === 'string') return 'text';
  if (node.type === 'boolean') return 'switch';
  if (node.type === 'array' && node.items?.type === 'string') return 'texts';
  if (columns.length > 0) return node.type === 'array' ? 'rows' : 'entries';
  return 'json';
};

const fieldsOf = (node: Node, path: readonly string[], depth = 2): PolicyField[] => {
  const nullable = node.anyOf?.some(({ type }) => type === 'null') ?? false;
  const inner = nullable ? { ...node.anyOf?.find(({ type }) => type !== 'null'), description: node.description } : node;
  if (inner.properties && depth > 0)
    return Object.entries(inner.properties).flatMap(([name, one]) =>
      fieldsOf({ ...one, description: one.description ?? inner.description ?? '' }, [...path, name], depth - 1).map(
        (field) => ({ ...field, optional: path.includes(anyName) && !inner.required?.includes(name) }),
      ),
    );
  const columns = columnsOf(inner as Node, path);
  const whole = inner.type === 'integer';
  return [
    {
      path: path.join('.'),
      about: inner.description ?? '',
      kind: kindOf(inner as Node, columns),
      whole,
      nullable,
      optional: false,
      least: limit(inner.minimum ?? inner.minItems) ?? (inner.exclusiveMinimum === undefined ? null : whole ? 1 : 0),
      most: limit(inner.maximum),
      options: inner.enum ?? known[path.join('.')] ?? [],
      columns,
    },
  ];
};

/** What can be changed in each pipeline's policy, with the descriptions, limits and options that its schema has. */
export const policyFields: Readonly<Record<PolicyPipeline, readonly PolicyField[]>> = Object.fromEntries(
  Object.entries(schemas).map(([pipeline, schema]) => [
    pipeline,
    fieldsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node, []),
  ]),
) as unknown as Record<PolicyPipeline, readonly PolicyField[]>;
