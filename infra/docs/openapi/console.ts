import { z } from 'zod';
import { actionsExportQuery, actionsQuery } from '../../console/routes/actions.ts';
import {
  acknowledgeBody,
  listQuery as alertsQuery,
  silenceBody,
  testBody,
  unsilenceBody,
} from '../../console/routes/alerts.ts';
import { decideBody } from '../../console/routes/approvals.ts';
import { observeBody, signInBody } from '../../console/routes/behaviour.ts';
import { exemptBody, killSwitchBody, modeBody, policyBody } from '../../console/routes/control.ts';
import { actBody, entityBody } from '../../console/routes/credentials.ts';
import { listQuery, openBody, stepBody } from '../../console/routes/investigations.ts';
import { labelBody } from '../../console/routes/labels.ts';
import { diffQuery, promoteBody, rollbackBody, versionQuery } from '../../console/routes/models.ts';
import { revokeBody, tokenBody } from '../../console/routes/people.ts';
import { previewBody } from '../../console/routes/policies.ts';
import { queueQuery } from '../../console/routes/queue.ts';
import { subjectQuery, subjectsQuery } from '../../console/routes/subjects.ts';
import { accessQuery, viewQuery } from '../../console/routes/views.ts';
import type { Api } from './document.ts';

const anything = z.looseObject({});
const what = (means: string) => ({ means, body: anything });
const stream = (means: string) => ({ means, body: z.string(), type: 'text/event-stream' });
const credential = z.strictObject({ credentialId: z.string() });
const outcomes = { means: 'What became of it', body: z.looseObject({ outcomes: z.array(anything) }) };
const waits = what('It waits for the approval of another person');

/** `serve console`. */
export const consoleApi: Api = {
  title: 'Ebbtide console',
  about:
    'What the console shows and does, for people by their session and for machines by an API token. x-role is the least role that a route needs. Requests that change something and come of a browser carry x-ebbtide-console.',
  server: 'http://127.0.0.1:7070',
  security: {
    token: { type: 'http', scheme: 'bearer', description: 'An API token, from ebbtide token create' },
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: 'ebbtide_console_7070',
      description: 'The session of a person; the port is in its name, behind https after __Host-',
    },
  },
  operations: {
    'GET /api/state': { summary: 'Everything that is shown', answers: { 200: what('A snapshot') } },
    'GET /api/events': { summary: 'What changes, as it comes', answers: { 200: stream('Server-sent events') } },
    'GET /api/credentials/:id/history': {
      summary: "A credential's past, out of the archive",
      answers: { 200: what('Its life') },
    },
    'POST /api/demo/misbehave': {
      summary: 'Let a function of the demonstration misbehave',
      body: credential,
      answers: { 200: what('It does') },
    },
    'POST /api/demo/behave': { summary: 'Let it behave again', body: credential, answers: { 200: what('It does') } },
    'POST /api/labels': {
      summary: 'Label a decision or a window',
      body: labelBody,
      answers: { 201: what('The label') },
    },
    'POST /api/control/kill-switch': {
      summary: 'Set the kill switch',
      body: killSwitchBody,
      answers: { 200: what('The record') },
    },
    'POST /api/control/mode': {
      summary: 'Shadow or enforce',
      body: modeBody,
      answers: { 200: what('The record'), 202: waits },
    },
    'POST /api/credentials/exempt': {
      summary: 'Exempt a credential, or end that',
      body: exemptBody,
      answers: { 200: what('The record') },
    },
    'POST /api/control/policy': {
      summary: 'Put a policy in force',
      body: policyBody,
      answers: { 200: what('The record'), 202: waits },
    },
    'POST /api/credentials/revoke': { summary: 'Revoke a credential', body: actBody, answers: { 200: outcomes } },
    'POST /api/credentials/restore': {
      summary: 'Give a credential its life and scope back',
      body: actBody,
      answers: { 200: outcomes },
    },
    'POST /api/credentials/entity': {
      summary: 'Act on all credentials of an entity',
      body: entityBody,
      answers: { 200: what('What became of it'), 202: waits },
    },
    'GET /api/credentials/standing': {
      summary: 'What is set for a credential',
      query: credential,
      answers: { 200: what('Its standing') },
    },
    'GET /api/approvals': {
      summary: 'What waits for a second person',
      answers: { 200: { means: 'Requests', body: z.object({ approvals: z.array(anything) }) } },
    },
    'POST /api/approvals/approve': {
      summary: 'Approve a request',
      body: decideBody,
      answers: { 200: what('Approved and done') },
    },
    'POST /api/approvals/decline': {
      summary: 'Decline a request, or take it back',
      body: decideBody,
      answers: { 200: what('Declined') },
    },
    'GET /api/policies': {
      summary: 'Policies in force, what could be changed in them, and those before',
      answers: { 200: what('Each pipeline, with its fields') },
    },
    'POST /api/policies/preview': {
      summary: 'Try a policy on the archive, by replay',
      body: previewBody,
      answers: {
        200: { means: 'Progress, then what would have differed', body: z.string(), type: 'application/x-ndjson' },
      },
    },
    'GET /api/models': { summary: 'Champion, challenger and versions of each kind', answers: { 200: what('Kinds') } },
    'GET /api/models/version': {
      summary: 'One version of a model',
      query: versionQuery,
      answers: { 200: what('Its manifest') },
    },
    'GET /api/models/report': {
      summary: 'The report of the retraining that made a version, which was compared with the champion of then',
      query: versionQuery,
      answers: { 200: what('The report; null where none is kept with the version') },
    },
    'GET /api/models/differences': {
      summary: 'What two versions differ in',
      query: diffQuery,
      answers: { 200: what('Differences') },
    },
    'GET /api/models/health': {
      summary: 'Drift and scores of models, out of the archive',
      query: viewQuery,
      answers: { 200: what('Sums') },
    },
    'POST /api/models/promote': {
      summary: 'Make a version the champion',
      body: promoteBody,
      answers: { 200: what('Champion and challenger') },
    },
    'POST /api/models/rollback': {
      summary: 'Bring the champion before back',
      body: rollbackBody,
      answers: { 200: what('Champion and challenger') },
    },
    'GET /api/scope': {
      summary: 'Callers by risk, overrides and refusals, out of the archive',
      query: viewQuery,
      answers: { 200: what('Sums') },
    },
    'GET /api/provisioning': {
      summary: 'What was prepared, used and wasted, out of the archive',
      query: viewQuery,
      answers: { 200: what('Sums') },
    },
    'GET /api/access': {
      summary: 'The profile of a user: when, how often, by what and where they come, out of the archive',
      query: accessQuery,
      answers: { 200: what('Figures and lists') },
    },
    'GET /api/keys': {
      summary: 'Lifespans granted, cut and renewed, out of the archive',
      query: viewQuery,
      answers: { 200: what('Sums') },
    },
    'GET /api/actions': {
      summary: 'What people did, why, and what came of it, the newest first',
      query: actionsQuery,
      answers: { 200: what('A part of the record') },
    },
    'GET /api/actions/export': {
      summary: 'The record as a file, 50000 actions at most',
      query: actionsExportQuery,
      answers: { 200: what('A file, CSV or JSON') },
    },
    'GET /api/alerts': {
      summary: 'Alerts, who was told of them, and silences',
      query: alertsQuery,
      answers: { 200: what('Alerts and silences') },
    },
    'POST /api/alerts/acknowledge': {
      summary: 'Acknowledge an alert, so that it escalates no further',
      body: acknowledgeBody,
      answers: { 200: what('Acknowledged') },
    },
    'POST /api/alerts/silence': {
      summary: 'Silence alerts of a subject for a while',
      body: silenceBody,
      answers: { 200: what('The record') },
    },
    'POST /api/alerts/unsilence': {
      summary: 'End a silence',
      body: unsilenceBody,
      answers: { 200: what('The record') },
    },
    'POST /api/alerts/test': {
      summary: 'Send a test alert along its routes',
      body: testBody,
      answers: { 202: what('The alert') },
    },
    'GET /api/queue': {
      summary: 'What waits for judgement, the greatest stake first',
      query: queueQuery,
      answers: { 200: what('A part of the queue') },
    },
    'GET /api/search': {
      summary: 'Search over everything',
      query: z.strictObject({ q: z.string().max(256).default('') }),
      answers: { 200: what('What was found') },
    },
    'GET /api/subjects': {
      summary: 'Search subjects',
      query: subjectsQuery,
      answers: { 200: what('A part of the list') },
    },
    'GET /api/subject': { summary: 'One subject', query: subjectQuery, answers: { 200: what('All that is known') } },
    'GET /api/subject/events': {
      summary: 'What happens to one subject',
      query: subjectQuery,
      answers: { 200: stream('Server-sent events') },
    },
    'GET /api/investigations': {
      summary: 'Search investigations',
      query: listQuery,
      answers: { 200: what('A part of the list') },
    },
    'GET /api/investigations/:id': { summary: 'One investigation', answers: { 200: what('Its steps and decisions') } },
    'POST /api/investigations': { summary: 'Open an investigation', body: openBody, answers: { 201: what('It') } },
    'POST /api/investigations/:id/steps': {
      summary: 'Comment, assign, close or reopen',
      body: stepBody,
      answers: { 201: what('It') },
    },
    'GET /api/investigations/:id/export': {
      summary: 'Export an investigation',
      query: z.strictObject({ format: z.enum(['json', 'markdown']).default('json') }),
      answers: { 200: 'JSON or Markdown, as a file' },
    },
    'GET /api/me': {
      summary: 'Who asks, and what they may do',
      answers: {
        200: {
          means: 'Who',
          body: z.looseObject({ id: z.string(), name: z.string(), role: z.string(), may: z.unknown() }),
        },
      },
    },
    'GET /api/tokens': {
      summary: 'API tokens, without their secrets',
      answers: { 200: { means: 'Tokens', body: z.object({ tokens: z.array(anything) }) } },
    },
    'POST /api/tokens': {
      summary: 'Make an API token',
      body: tokenBody,
      answers: { 201: { means: 'Shown once', body: z.object({ token: z.string(), record: anything }) } },
    },
    'POST /api/tokens/revoke': { summary: 'Revoke an API token', body: revokeBody, answers: { 200: what('When') } },
    'GET /api/behaviour': { summary: 'How whoever asks behaves', answers: { 200: what('Sign-ins and keys') } },
    'POST /api/behaviour/sign-in': {
      summary: 'Sign in by behaviour',
      body: signInBody,
      answers: { 200: what('What came of it') },
    },
    'POST /api/behaviour/session': {
      summary: 'Pass on behaviour of the session',
      body: observeBody,
      answers: { 202: { means: 'Bursts taken', body: z.object({ accepted: z.number() }) } },
    },
    'POST /api/behaviour/forget': { summary: 'Forget whoever asks', answers: { 200: what('Forgotten') } },
  },
};
