import { z } from 'zod';
import { credentialRequest, keysRequest } from '../../services/delivery/requests.ts';
import { authorizeRequest } from '../../services/gateway/http/authorize.ts';
import { authenticationRequest, behaviourRequest, reissueRequest } from '../../services/keyhost/requests.ts';
import { keyKinds } from '../../services/keyhost/signers/signer.ts';
import { holderRequest, issueRequest } from '../../services/token/requests.ts';
import type { Api } from './document.ts';

const bearer = (description: string) => ({ bearer: { type: 'http', scheme: 'bearer', description } });
const time = z.number().describe('Epoch milliseconds');

const credentialView = z.looseObject({
  credentialId: z.string(),
  kind: z.string(),
  function: z.string(),
  instance: z.string(),
  remainingMs: z.number().nullable().describe('Remaining life, milliseconds; null where Vault does not say'),
  expiresAt: time.nullable(),
  ttlMs: z.number().describe('TTL that the current decision grants, milliseconds'),
  maxTtlMs: z.number(),
  state: z.enum(['active', 'extended', 'shortened', 'revoked', 'ended']),
});

/** `serve token`. */
export const tokenApi: Api = {
  title: 'Ebbtide token service',
  about:
    'Issues, renews and shows credentials of functions. Login material may stand in the body as "auth" instead of the shared secret.',
  server: 'http://127.0.0.1:7071',
  security: bearer('The shared secret of token.sharedSecretFile'),
  operations: {
    'POST /v1/credentials': {
      summary: 'Issue a credential for a function',
      body: issueRequest,
      answers: {
        201: {
          means: 'It was issued and registered; what opens Vault stands beside its view',
          body: credentialView.extend({ renew: z.string().describe('Path by which it is renewed') }),
        },
      },
    },
    'POST /v1/credentials/:id/renew': {
      summary: 'Renew a credential as far as the decision in force grants',
      body: holderRequest,
      bodyOptional: true,
      answers: { 200: { means: 'As it is now', body: credentialView } },
    },
    'GET /v1/credentials/:id': {
      summary: 'Look a credential up',
      answers: { 200: { means: 'As it is now', body: credentialView } },
    },
  },
};

/** `serve delivery`. */
export const deliveryApi: Api = {
  title: 'Ebbtide delivery service',
  about: 'Hands credentials for machines over to users, sealed to their age key.',
  server: 'http://127.0.0.1:7075',
  security: bearer('A token of Vault from a login of the user'),
  operations: {
    'POST /v1/credentials/:vm': {
      summary: 'Take the credential for a machine',
      body: credentialRequest,
      bodyOptional: true,
      headers: { 'idempotency-key': 'A request with a key that was given something before is refused' },
      answers: {
        200: {
          means: 'Handed over, once',
          body: z.object({
            user: z.string(),
            vm: z.string(),
            method: z.string(),
            served: z.enum(['preProvisioned', 'refreshed', 'generated']),
            sealed: z.string().describe('age ciphertext'),
            expiresAt: time,
            decisionId: z.string(),
          }),
        },
      },
    },
    'GET /v1/credentials/:vm': {
      summary: 'Whether one lies ready, without taking it',
      answers: {
        200: { means: 'Whether', body: z.object({ prepared: z.boolean(), expiresAt: time.nullable() }) },
      },
    },
    'PUT /v1/keys': { summary: 'Enrol public keys', body: keysRequest, answers: { 204: 'Enrolled' } },
  },
};

const keyView = z.object({
  credentialId: z.string(),
  session: z.string(),
  reason: z.string(),
  faults: z.array(z.string()),
  parts: z.record(z.string(), z.number()),
  uncalibrated: z.array(z.string()),
  enrolled: z.record(z.string(), z.number()),
  risk: z.number().min(0).max(1),
  lifespanMs: z.number(),
  expiresAt: time,
});
const issuedKey = keyView.extend({
  kind: z.enum(keyKinds),
  certificate: z.string(),
  issuingCa: z.string(),
  serial: z.string(),
});
const denied = z.object({
  at: time,
  keys: z.array(z.object({ credentialId: z.string(), serial: z.string(), expiresAt: time })),
});

/** `serve keyhost`. */
export const keyhostApi: Api = {
  title: 'Ebbtide key host',
  about: 'Gives users keys that live as long as their behaviour allows. Endpoints alone may ask, by mutual TLS 1.3.',
  server: 'https://127.0.0.1:7079',
  security: { endpoint: { type: 'mutualTLS', description: 'A certificate of pki-endpoints' } },
  operations: {
    'POST /v1/authentications': {
      summary: 'Ask for a key for whoever signs in',
      body: authenticationRequest,
      answers: { 201: { means: 'The key', body: issuedKey } },
    },
    'POST /v1/keys/:id/reissue': {
      summary: 'Replace a key that was cut',
      body: reissueRequest,
      answers: { 201: { means: 'The key', body: issuedKey } },
    },
    'POST /v1/keys/:id/behaviour': {
      summary: 'Pass on behaviour of a session',
      body: behaviourRequest,
      answers: { 202: { means: 'Bursts taken', body: z.object({ accepted: z.int() }) } },
    },
    'GET /v1/denied': {
      summary: 'Keys that were cut and that Vault cannot revoke, until they end',
      answers: { 200: { means: 'To be refused', body: denied } },
    },
    'GET /v1/keys/:id': {
      summary: 'A key as it is by now',
      answers: { 200: { means: 'The key', body: keyView.extend({ state: z.enum(['active', 'cut', 'ended']) }) } },
    },
  },
};

/** `serve gateway`, over HTTP; what Envoy asks by gRPC is Envoy's own contract. */
export const gatewayApi: Api = {
  title: 'Ebbtide gateway',
  about:
    'Decides on requests. Listens for proxies and services of its own host; Envoy and nginx ask at /envoy and /nginx in their own ways.',
  server: 'http://127.0.0.1:7072',
  security: {},
  operations: {
    'POST /v1/authorize': {
      summary: 'Whether a request is allowed',
      body: authorizeRequest,
      answers: {
        200: {
          means: 'It is',
          body: z.object({
            allow: z.literal(true),
            scope: z.string().nullable(),
            backendCredential: z.string().nullable().describe('Reference in Vault, never a secret'),
            frontendCredential: z.string().nullable(),
            service: z.string(),
            operation: z.string(),
            version: z.string(),
            expiresAt: time,
            correlationId: z.string(),
            reasons: z.unknown().optional(),
          }),
        },
      },
      open: true,
    },
    'GET /health/live': {
      summary: 'Whether the event loop turns',
      answers: { 200: { means: 'It does', body: z.object({ live: z.literal(true) }) } },
      open: true,
    },
    'GET /health/ready': {
      summary: 'Whether it does its work',
      answers: {
        200: { means: 'It does', body: z.looseObject({ ready: z.boolean() }) },
        503: { means: 'It does not, and why', body: z.looseObject({ ready: z.boolean() }) },
      },
      open: true,
    },
  },
};
