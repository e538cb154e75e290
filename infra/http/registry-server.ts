import avro, { type Schema } from 'avsc';
import { type FastifyReply, fastify } from 'fastify';
import { EbbtideError, isEbbtideError } from '../../schemas/errors.ts';
import type { MemoryRegistry } from '../../schemas/registry.ts';
import type { Running } from '../context.ts';

const contentType = 'application/vnd.schemaregistry.v1+json';

/** Confluent's numbers for what can go wrong. */
const errors = {
  subjectUnknown: [404, 40401, 'Subject not found.'],
  versionUnknown: [404, 40402, 'Version not found.'],
  schemaUnknown: [404, 40403, 'Schema not found'],
  incompatible: [409, 409, 'Schema being registered is incompatible with an earlier schema'],
  malformed: [422, 42201, 'Input schema is not valid Avro'],
} as const;

/**
 * Serve a registry in memory on the REST paths of Confluent's, for other processes of this machine.
 *
 * @returns the server; its `address` is what `schemaRegistry.url` takes
 * @example
 * const server = await startRegistryServer(registry, { host: '127.0.0.1', port: 0 });
 * connectRegistry({ url: server.address! });
 */
export const startRegistryServer = async (
  registry: MemoryRegistry,
  { host, port }: { host: string; port: number },
): Promise<Running> => {
  const server = fastify({ logger: false, routerOptions: { maxParamLength: 512 } });
  server.addContentTypeParser(contentType, { parseAs: 'string' }, server.getDefaultJsonParser('error', 'error'));
  server.addHook('onSend', async (_request, reply) => void reply.header('content-type', contentType));
  const refuse = (reply: FastifyReply, kind: keyof typeof errors, words: string = errors[kind][2]) =>
    reply.code(errors[kind][0]).send({ error_code: errors[kind][1], message: words });
  const versionsOf = (subject: string): readonly number[] => registry.subjects().get(subject) ?? [];

  server.get('/subjects', async () => [...registry.subjects().keys()]);
  server.get<{ Params: { subject: string } }>('/subjects/:subject/versions', async ({ params }, reply) => {
    const ids = versionsOf(params.subject);
    return ids.length > 0 ? ids.map((_, index) => index + 1) : refuse(reply, 'subjectUnknown');
  });
  server.get<{ Params: { subject: string; version: string } }>(
    '/subjects/:subject/versions/:version',
    async ({ params }, reply) => {
      const ids = versionsOf(params.subject);
      if (ids.length === 0) return refuse(reply, 'subjectUnknown');
      const version = params.version === 'latest' ? ids.length : Number(params.version);
      const id = ids[version - 1];
      if (id === undefined) return refuse(reply, 'versionUnknown');
      return { subject: params.subject, version, id, schema: JSON.stringify(await registry.byId(id)) };
    },
  );
  server.post<{ Params: { subject: string }; Body: { schema?: unknown } }>(
    '/subjects/:subject/versions',
    async ({ params, body }, reply) => {
      const schema = parseSchema(body?.schema);
      if (schema === undefined) return refuse(reply, 'malformed');
      try {
        return { id: await registry.register(params.subject, schema) };
      } catch (error) {
        if (isEbbtideError(error, 'SCHEMA_INCOMPATIBLE')) return refuse(reply, 'incompatible', error.message);
        return refuse(reply, 'malformed', (error as Error).message);
      }
    },
  );
  server.post<{ Params: { subject: string }; Body: { schema?: unknown } }>(
    '/subjects/:subject',
    async ({ params, body }, reply) => {
      const ids = versionsOf(params.subject);
      if (ids.length === 0) return refuse(reply, 'subjectUnknown');
      const wanted = JSON.stringify(parseSchema(body?.schema));
      for (const [index, id] of ids.entries()) {
        const schema = JSON.stringify(await registry.byId(id));
        if (schema === wanted) return { subject: params.subject, version: index + 1, id, schema };
      }
      return refuse(reply, 'schemaUnknown');
    },
  );
  server.get<{ Params: { id: string } }>('/schemas/ids/:id', async ({ params }, reply) => {
    try {
      return { schema: JSON.stringify(await registry.byId(Number(params.id))) };
    } catch {
      return refuse(reply, 'schemaUnknown');
    }
  });
  // The registry in memory knows one rule: what is new reads what is old
  const rule = 'BACKWARD';
  server.get('/config', async () => ({ compatibilityLevel: rule }));
  server.get('/config/:subject', async () => ({ compatibilityLevel: rule }));
  server.put('/config/:subject', async () => ({ compatibility: rule }));

  const address = await listen(() => server.listen({ host, port }), host, port);
  return {
    name: 'schema registry',
    address,
    health: async () => ({ ready: true, detail: `${registry.subjects().size} subjects in memory at ${address}` }),
    failed: new Promise<never>(() => {}),
    close: async () => server.close(),
  };
};

const parseSchema = (text: unknown): Schema | undefined => {
  try {
    const schema = JSON.parse(String(text)) as Schema;
    avro.Type.forSchema(schema);
    return schema;
  } catch {
    return undefined;
  }
};

const listen = async (start: () => Promise<string>, host: string, port: number): Promise<string> => {
  try {
    return await start();
  } catch (error) {
    throw new EbbtideError(
      'CONFIG_INVALID',
      `The schema registry cannot listen on ${host}:${port}: ${(error as Error).message}`,
      { host, port },
      error,
    );
  }
};
