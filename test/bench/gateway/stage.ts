import { gatewayConfig } from '../../../infra/services/gateway/config.ts';

/** What all processes of the benchmark agree on. */
export interface Stage {
  readonly brokers: string;
  /** Rows of the translation table. */
  readonly rows: number;
  readonly hashKeyFile: string;
}

/** Callers that the load comes from; the rows of all the others only fill the table. */
export const callers = 10_000;
export const secretOf = (i: number): string => `ak-${i.toString(36).padStart(6, '0')}-4f9d1c77e2b05a`;
export const path = '/orders/4711';

/** Routes as a gateway of some size has them. */
export const configOf = ({ hashKeyFile }: Stage) =>
  gatewayConfig.parse({
    port: 0,
    grpcPort: 0,
    hashKeyFile,
    routes: [
      { path: '/orders', service: 'orders' },
      { path: '/orders/{id}', service: 'orders' },
      ...Array.from({ length: 30 }, (_, i) => ({ path: `/service-${i}/**`, service: `service-${i}` })),
    ],
  });

/** Headers that Envoy passes on of a browser's request, beside the credential. */
export const usualHeaders: Readonly<Record<string, string>> = {
  ':authority': 'api.example.com',
  ':path': path,
  ':method': 'GET',
  ':scheme': 'https',
  accept: 'application/json',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-GB,en;q=0.9',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36',
  'x-forwarded-for': '198.51.100.23',
  'x-forwarded-proto': 'https',
  'x-request-id': '5b0c3a0e-3f5e-4c4c-9a57-6f3d1f0e8a11',
};
