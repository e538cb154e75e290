import { Webhook } from 'standardwebhooks';
import { EbbtideError } from '../../../schemas/errors.ts';
import type { RouteConfig } from '../config.ts';
import { hashedId, type Outgoing, type Post } from './channel.ts';

const fewestBytes = 24;
const mostBytes = 64;

/**
 * Requests signed by Standard Webhooks.
 *
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @throws {EbbtideError} `CONFIG_INVALID` where the secret is none of Standard Webhooks
 */
export const signedWebhook = ({ name, url }: RouteConfig, secret: string) => {
  const bytes = Buffer.from(secret.replace(/^whsec_/, ''), 'base64').length;
  if (!/^(whsec_)?[A-Za-z0-9+/]+=*$/.test(secret) || bytes < fewestBytes || bytes > mostBytes)
    throw new EbbtideError(
      'CONFIG_INVALID',
      `The secret of route ${name} must be whsec_ and ${fewestBytes} to ${mostBytes} bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)`,
      { route: name },
    );
  const webhook = new Webhook(secret);
  return ({ id, body }: Outgoing, nowMs: number): Post => {
    const webhookId = hashedId('msg', id);
    // Signed anew at each try: receivers refuse timestamps of some minutes ago
    const at = new Date(nowMs);
    const headers = {
      'webhook-id': webhookId,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': webhook.sign(webhookId, at, body),
    };
    return { url: url!, headers, body };
  };
};
