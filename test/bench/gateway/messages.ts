import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';

const require = createRequire(import.meta.url);

/** A `CheckRequest` as bytes, by the official definitions as grpc-js reads them. */
export const loadCheckMessagesForClients = (): ((request: object) => Uint8Array) => {
  const deps = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps');
  const includeDirs = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) => join(deps, folder));
  const definition = loadSync('envoy/service/auth/v3/external_auth.proto', { includeDirs });
  const service = definition['envoy.service.auth.v3.Authorization'] as unknown as Record<
    string,
    { requestSerialize(request: object): Buffer }
  >;
  return (request) => service.Check!.requestSerialize(request);
};
