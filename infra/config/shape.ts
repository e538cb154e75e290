import { z } from 'zod';
import type { KeyPath } from './document.ts';

/** The part of JSON Schema that the configuration's own schema uses. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly allOf?: readonly Shape[];
  readonly required?: readonly string[];
}

/** What may be written for a zod schema, as JSON Schema. */
export const shapeOf = (schema: z.ZodType): Shape =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Shape;

const branches = (shape: Shape): readonly Shape[] => shape.anyOf ?? shape.oneOf ?? shape.allOf ?? [];

/** The shape at a path, through unions and maps; undefined where no key of that name is known. */
export const shapeAt = (shape: Shape, path: KeyPath): Shape | undefined => {
  const [key, ...rest] = path;
  if (key === undefined) return shape;
  const property = shape.properties?.[String(key)];
  const next =
    property ??
    (typeof key === 'number' ? shape.items : undefined) ??
    (typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined);
  if (next) return shapeAt(next, rest);
  for (const branch of branches(shape)) {
    const found = shapeAt(branch, path);
    if (found) return found;
  }
  return undefined;
};

/** Keys that a map may have, unions included. */
export const keysOf = (shape: Shape): readonly string[] => [
  ...new Set([...Object.keys(shape.properties ?? {}), ...branches(shape).flatMap(keysOf)]),
];

const numberRange = (shape: Shape): string => {
  const low = shape.minimum ?? shape.exclusiveMinimum;
  const high = shape.maximum === Number.MAX_SAFE_INTEGER ? undefined : (shape.maximum ?? shape.exclusiveMaximum);
  const from =
    low === undefined || low === -Number.MAX_SAFE_INTEGER
      ? ''
      : shape.minimum === undefined
        ? ` above ${low}`
        : ` from ${low}`;
  const to =
    high === undefined
      ? shape.minimum !== undefined && from
        ? ' up'
        : ''
      : shape.maximum === undefined
        ? `${from ? ' and' : ''} below ${high}`
        : ` ${from ? 'to' : 'up to'} ${high}`;
  return from + to;
};

/**
 * What a value must be, in words: `a whole number from 1 to 64`.
 *
 * @example
 * expectation({ type: 'number', minimum: 0, maximum: 1 }); // 'a number from 0 to 1'
 */
export const expectation = (shape: Shape): string => {
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum) return `one of ${shape.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  const choices = branches(shape);
  if (choices.length > 0) return [...new Set(choices.map(expectation))].join(', or ');
  switch (shape.type) {
    case 'number':
      return `a number${numberRange(shape)}`;
    case 'integer':
      return `a whole number${numberRange(shape)}`;
    case 'string':
      return shape.pattern && shape.pattern.length < 60
        ? `text matching ${shape.pattern}`
        : (shape.minLength ?? 0) > 0
          ? 'text that is not empty'
          : 'text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list of ${shape.items ? expectation(shape.items).replace(/^an? /, '') : 'values'}`;
    case 'object':
      return shape.properties ? `a map of ${keysOf(shape).join(', ')}` : 'a map';
    case 'null':
      return 'nothing';
    default:
      return 'another value';
  }
};
