import { z } from 'zod';
import {
  changeStatus,
  changeStream,
  changeSubject,
  createStream,
  pollRequest,
  verifyStream,
} from '../../services/signals/transmitter/requests.ts';
import type { Api } from './document.ts';

const byStream = z.object({ stream_id: z.string().optional() });
const stream = { means: 'The stream', body: z.looseObject({ stream_id: z.string(), iss: z.string() }) };
const status = {
  means: 'The status',
  body: z.object({ stream_id: z.string(), status: z.string(), reason: z.string().optional() }),
};

/** `serve signals`: OpenID Shared Signals Framework 1.0, with RFC 8935 and RFC 8936. */
export const signalsApi: Api = {
  title: 'Ebbtide shared signals',
  about: 'Transmitter and receiver of CAEP events, after the OpenID Shared Signals Framework 1.0.',
  server: 'http://127.0.0.1:7074',
  security: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: 'The token that was agreed on, or one of an authorization server',
    },
  },
  operations: {
    'GET /.well-known/ssf-configuration': {
      summary: "The transmitter's metadata",
      answers: {
        200: {
          means: 'Metadata',
          body: z.looseObject({ issuer: z.string(), jwks_uri: z.string(), spec_version: z.string() }),
        },
      },
      open: true,
    },
    'GET /ssf/jwks.json': {
      summary: 'Keys by which tokens are verified',
      answers: { 200: { means: 'A JWKS', body: z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }) } },
      open: true,
    },
    'POST /ssf/streams': { summary: 'Create a stream', body: createStream, answers: { 201: stream } },
    'GET /ssf/streams': {
      summary: 'One stream, or all of the receiver',
      query: byStream,
      answers: { 200: 'The stream, or a list of streams' },
    },
    'PATCH /ssf/streams': { summary: 'Change a stream', body: changeStream, answers: { 200: stream } },
    'PUT /ssf/streams': { summary: 'Replace a stream', body: changeStream, answers: { 200: stream } },
    'DELETE /ssf/streams': { summary: 'Delete a stream', query: byStream, answers: { 204: 'Deleted' } },
    'GET /ssf/status': { summary: 'The status of a stream', query: byStream, answers: { 200: status } },
    'POST /ssf/status': { summary: 'Change the status', body: changeStatus, answers: { 200: status } },
    'POST /ssf/subjects/add': { summary: 'Take a subject back in', body: changeSubject, answers: { 200: 'Taken in' } },
    'POST /ssf/subjects/remove': { summary: 'Leave a subject out', body: changeSubject, answers: { 204: 'Left out' } },
    'POST /ssf/verify': {
      summary: 'Ask for a verification event',
      body: verifyStream,
      answers: { 204: 'It will come' },
    },
    'POST /ssf/poll/:id': {
      summary: 'Acknowledge tokens and get the next (RFC 8936)',
      body: pollRequest,
      answers: {
        200: {
          means: 'Tokens',
          body: z.looseObject({ sets: z.record(z.string(), z.string()), moreAvailable: z.boolean().optional() }),
        },
      },
    },
    'POST /ssf/events': {
      summary: 'Push a token (RFC 8935)',
      body: z.string().describe('A security event token'),
      bodyType: 'application/secevent+jwt',
      answers: {
        202: 'Taken',
        400: 'Not taken: err and description say why',
        401: 'Not the sender that was agreed on',
      },
    },
  },
};
