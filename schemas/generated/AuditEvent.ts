// Generated from AuditEvent.avsc by schemas/generate.ts: edit that, then run `npm run schemas`.
/** How far it came. */
export type AuditOutcome = 'asked' | 'done' | 'failed' | 'refused' | 'unknown';

/** What a person, or a machine with an API token, did or tried to do: written before it takes effect, and once more when it came to nothing. */
export interface AuditEvent {
  /** Identifier of what was done; the events of one action share it. */
  actionId: string;
  /** What was done: signIn, signOut, label, revoke, restore, exempt, revokeEntity, disableEntity, enableEntity, denyEntity, allowEntity, mode, killSwitch, policy, model, scopeOverride, translation, investigate, approval, token; access where a request was refused. */
  action: string;
  /** What it was done to: a credential, an entity, a pipeline, a token; ebbtide where it concerns everything. Also the message key. */
  subject: string;
  /** How far it came: asked for, and to be done now; done, where somebody answered for that; failed; or refused for want of rights. */
  outcome: AuditOutcome;
  /** Who, unique: oidc:…, proxy:…, link:…, token:…, cli:… */
  personId: string;
  /** Who, as people call them. */
  name: string;
  /** Role that they had. */
  role: string;
  /** How they came in: oidc, proxy, link, token or cli. */
  entrance: string;
  /** From where: network address, or the host of a command line. */
  address: string;
  /** Why, in their words. */
  reason: string;
  /** What more belongs to it, as JSON; never a secret. */
  details: string;
  /** What came of it, in a sentence; empty where nothing can be said yet. */
  result: string;
  /** When, epoch milliseconds. */
  at: number;
}

/** The Avro schema of {@link AuditEvent}. */
export const AuditEventSchema = {
  "type": "record",
  "name": "AuditEvent",
  "namespace": "ebbtide",
  "doc": "What a person, or a machine with an API token, did or tried to do: written before it takes effect, and once more when it came to nothing.",
  "fields": [
    {
      "name": "actionId",
      "type": "string",
      "doc": "Identifier of what was done; the events of one action share it."
    },
    {
      "name": "action",
      "type": "string",
      "doc": "What was done: signIn, signOut, label, revoke, restore, exempt, revokeEntity, disableEntity, enableEntity, denyEntity, allowEntity, mode, killSwitch, policy, model, scopeOverride, translation, investigate, approval, token; access where a request was refused."
    },
    {
      "name": "subject",
      "type": "string",
      "doc": "What it was done to: a credential, an entity, a pipeline, a token; ebbtide where it concerns everything. Also the message key."
    },
    {
      "name": "outcome",
      "type": {
        "type": "enum",
        "name": "AuditOutcome",
        "doc": "How far it came.",
        "symbols": [
          "asked",
          "done",
          "failed",
          "refused",
          "unknown"
        ],
        "default": "unknown"
      },
      "doc": "How far it came: asked for, and to be done now; done, where somebody answered for that; failed; or refused for want of rights."
    },
    {
      "name": "personId",
      "type": "string",
      "doc": "Who, unique: oidc:…, proxy:…, link:…, token:…, cli:…"
    },
    {
      "name": "name",
      "type": "string",
      "doc": "Who, as people call them."
    },
    {
      "name": "role",
      "type": "string",
      "doc": "Role that they had."
    },
    {
      "name": "entrance",
      "type": "string",
      "doc": "How they came in: oidc, proxy, link, token or cli."
    },
    {
      "name": "address",
      "type": "string",
      "doc": "From where: network address, or the host of a command line."
    },
    {
      "name": "reason",
      "type": "string",
      "doc": "Why, in their words.",
      "default": ""
    },
    {
      "name": "details",
      "type": "string",
      "doc": "What more belongs to it, as JSON; never a secret.",
      "default": "{}"
    },
    {
      "name": "result",
      "type": "string",
      "doc": "What came of it, in a sentence; empty where nothing can be said yet.",
      "default": ""
    },
    {
      "name": "at",
      "type": {
        "type": "long",
        "logicalType": "timestamp-millis"
      },
      "doc": "When, epoch milliseconds."
    }
  ]
} as const;
