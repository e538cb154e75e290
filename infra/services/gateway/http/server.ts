import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Health } from '../../../context.ts';
import { correlationHeader, headersOf, refusalBody } from '../answers.ts';
import type { Answer, Authorizer, Check } from '../authorizer.ts';
import type { HeaderOf, Identifier } from '../identify.ts';
import { allowedBody, authorize, authorizeRequest } from './authorize.ts';

const largestBody = 65_536;
/** What Envoy's `path_prefix` and nginx's location name. */
const envoyPrefix = '/envoy';
const nginxPath = '/nginx';
const authorizePath = '/v1/authorize';

/** What {@link startHttpServer} is told. */
export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly authorizer: Authorizer;
  readonly identifier: Identifier;
  readonly withReasons: boolean;
  health(): Promise<Health>;
  onError(error: unknown): void;
}

/** Answers Envoy (`/envoy…`), nginx (`/nginx`), services (`POST /v1/authorize`) and `/health`. Nothing is logged here. */
export const startHttpServer = async (
  options: HttpServerOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const { authorizer, identifier, withReasons, health, onError } = options;

  const answerProxy = (check: Check, response: ServerResponse) => {
    const send = (answer: Answer) => reply(response, answer, withReasons);
    const answer = authorizer.check(check);
    if (!(answer instanceof Promise)) return send(answer);
    answer.then(send).catch((error) => fail(response, error));
  };

  const answerService = (text: string, response: ServerResponse) => {
    const parsed = authorizeRequest.safeParse(jsonOf(text));
    if (!parsed.success) {
      const words = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
      return problem(response, 400, 'request-invalid', words.join('; ').slice(0, 1000));
    }
    const send = (answer: Answer) => {
      if (answer.ruling.status !== 200) return reply(response, answer, withReasons);
      sendJson(response, 200, allowedBody(answer, withReasons), [correlationHeader, answer.correlationId]);
    };
    const answer = authorize(parsed.data, authorizer, identifier);
    if (!(answer instanceof Promise)) return send(answer);
    answer.then(send).catch((error) => fail(response, error));
  };

  /** Read a body as a whole; what exceeds the limit is not read to its end. */
  const readBody = (request: IncomingMessage, response: ServerResponse): void => {
    let text = '';
    let bytes = 0;
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      bytes += chunk.length;
      if (bytes <= largestBody) text += chunk;
      else if (!response.headersSent)
        problem(response, 413, 'too-large', `The body exceeds ${largestBody} characters`, true);
    });
    request.on('end', () => {
      if (response.headersSent) return;
      try {
        answerService(text, response);
      } catch (error) {
        fail(response, error);
      }
    });
  };

  const fail = (response: ServerResponse, error: unknown) => {
    // Whoever went away needs no answer
    if (response.destroyed) return;
    onError(error);
    if (!response.headersSent) problem(response, 500, 'internal', 'Something failed inside; the log has more');
  };

  const server = createServer(
    { keepAliveTimeout: 75_000, headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 32_768, noDelay: true },
    (request, response) => {
      response.sendDate = false;
      const target = request.url ?? '/';
      try {
        if (target.startsWith(envoyPrefix) && target[envoyPrefix.length] === '/') {
          request.resume();
          const { method = '', headers } = request;
          const original = target.slice(envoyPrefix.length);
          return answerProxy({ method, host: headers.host ?? '', target: original, headerOf: read(request) }, response);
        }
        if (target === nginxPath) {
          request.resume();
          const headerOf = read(request);
          const method = headerOf('x-original-method') ?? '';
          const original = headerOf('x-original-uri') ?? '';
          const bytes = headerOf('x-original-content-length') ?? '';
          const check = { method, host: headerOf('host') ?? '', target: original, headerOf, bytes };
          return answerProxy(check, response);
        }
        if (target === authorizePath && request.method === 'POST') return readBody(request, response);
        request.resume();
        if (target === '/health/live') return sendJson(response, 200, '{"live":true}');
        if (target === '/health/ready')
          return void health().then(
            (state) => sendJson(response, state.ready ? 200 : 503, JSON.stringify(state)),
            (error) => fail(response, error),
          );
        problem(response, 404, 'not-found', 'There is nothing at this address');
      } catch (error) {
        fail(response, error);
      }
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1_000).unref();
      }),
  };
};

const read =
  ({ headers }: IncomingMessage): HeaderOf =>
  (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  };

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The answer to a proxy: empty with headers, or a refusal with the body that the caller gets. */
const reply = (response: ServerResponse, answer: Answer, withReasons: boolean): void => {
  const { status } = answer.ruling;
  if (status === 200) {
    response.writeHead(200, ['content-length', '0', ...headersOf(answer, withReasons).flat()]);
    response.end();
    return;
  }
  const more = status === 401 ? ['www-authenticate', 'Bearer'] : status === 503 ? ['retry-after', '1'] : [];
  const headers = [correlationHeader, answer.correlationId, ...more];
  sendJson(response, status, refusalBody(status, answer.correlationId), headers, 'application/problem+json');
};

const problem = (response: ServerResponse, status: number, code: string, detail: string, close = false): void => {
  const body = JSON.stringify({ type: 'about:blank', title: 'Refused', status, detail, code });
  sendJson(response, status, body, close ? ['connection', 'close'] : [], 'application/problem+json');
};

const sendJson = (
  response: ServerResponse,
  status: number,
  body: string,
  headers: readonly string[] = [],
  type = 'application/json',
): void => {
  response.writeHead(status, [
    'content-type',
    type,
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
    ...headers,
  ]);
  response.end(body);
};
