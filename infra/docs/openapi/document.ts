import { z } from 'zod';
import type { Route } from './routesOf.ts';

/** What is said of a route beside its method, its path and what its path takes. */
export interface Operation {
  readonly summary: string;
  readonly body?: z.ZodType;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean;
  readonly bodyType?: string;
  readonly query?: z.ZodObject;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers by status; a text is what an answer without a described body means. */
  readonly answers: Readonly<
    Record<number, string | { readonly means: string; readonly body: z.ZodType; readonly type?: string }>
  >;
  /** Whether anybody may ask. */
  readonly open?: boolean;
}

/** Operations by `METHOD /path`, the path as Fastify writes it. */
export type Operations = Readonly<Record<string, Operation>>;

/** One service's API. */
export interface Api {
  readonly title: string;
  readonly about: string;
  readonly server: string;
  readonly security: Readonly<Record<string, object>>;
  readonly operations: Operations;
  /** What is refused, where it is not in the form that most services have. */
}

type Json = Record<string, unknown>;

/** What is refused, in the form of RFC 9457. */
const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong and what to do, for people'),
    code: z.string().describe('What to switch over'),
    correlationId: z.string().optional().describe('Leads to the log'),
  })
  .describe('A refusal in the form of RFC 9457');

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  return rest;
};

const openapiPath = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

const parametersOf = (path: string, { query, headers }: Operation): Json[] => {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const asked = query ? (schemaOf(query, 'input') as { properties?: Record<string, Json>; required?: string[] }) : {};
  const inQuery = Object.entries(asked.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: asked.required?.includes(name) ?? false,
    schema,
  }));
  const inHeader = Object.entries(headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery, ...inHeader];
};

const operationOf = (route: Route, operation: Operation, security: Api['security']): Json => {
  const { summary, body, bodyOptional = false, bodyType = 'application/json', answers, open = false } = operation;
  const parameters = parametersOf(route.path, operation);
  return {
    summary,
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(route.role === undefined ? {} : { 'x-role': route.role }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !bodyOptional, content: { [bodyType]: { schema: schemaOf(body, 'input') } } } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          typeof answer === 'string'
            ? { description: answer }
            : {
                description: answer.means,
                content: { [answer.type ?? 'application/json']: { schema: schemaOf(answer.body, 'output') } },
              },
        ]),
      ),
      default: {
        description: 'Refused',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
    ...(open ? { security: [] } : { security: Object.keys(security).map((name) => ({ [name]: [] })) }),
  };
};

/**
 * The OpenAPI 3.1 document of an API.
 *
 * @param routes - what the service really answers
 * @throws {RangeError} where a route is not described, or what is described is no route
 */
export const openapiDocument = (api: Api, routes: readonly Route[], version: string): Json => {
  const there = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const undescribed = [...there].filter((key) => !(key in api.operations));
  const gone = Object.keys(api.operations).filter((key) => !there.has(key));
  if (undescribed.length + gone.length > 0)
    throw new RangeError(
      `${api.title}: describe ${undescribed.join(', ') || 'nothing'} and remove ${gone.join(', ') || 'nothing'} in infra/docs/openapi`,
    );
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = openapiPath(route.path);
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(route, api.operations[`${route.method} ${route.path}`]!, api.security),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: api.title,
      description: api.about,
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: api.server }],
    paths,
    components: { schemas: { Problem: schemaOf(problem, 'output') }, securitySchemes: api.security },
  };
};
