import { z } from 'zod';
import { modelsConfigSchema } from '../../models/registry/config.ts';
import { modelRuntimeConfig } from '../../models/runtimes/config.ts';
import { keylifePolicySchema } from '../../schemas/keylifePolicy.ts';
import { lifecyclePolicySchema } from '../../schemas/policy.ts';
import { preprovisionPolicySchema } from '../../schemas/preprovisionPolicy.ts';
import { rangeProblems, scopePolicySchema } from '../../schemas/scopePolicy.ts';
import { scopesConfig } from '../../schemas/scopes.ts';
import { accessCollectorConfig } from '../agents/access/config.ts';
import { hostAgentConfig } from '../agents/host/config.ts';
import { notifyConfig } from '../alerts/config.ts';
import { archiveConfig, clickhouseConfig } from '../clickhouse/config.ts';
import { consoleConfig } from '../console/config.ts';
import { certificateWithKey } from '../http/clientTls.ts';
import {
  keylifeConfigSchema,
  lifecycleConfigSchema,
  preprovisionConfigSchema,
  scopeConfigSchema,
} from '../jobs/config.ts';
import { retrainConfigSchema } from '../jobs/retrain/config.ts';
import { provisionConfig } from '../provision/config.ts';
import { deliveryConfig } from '../services/delivery/config.ts';
import { gatewayConfig } from '../services/gateway/config.ts';
import { keyhostConfig } from '../services/keyhost/config.ts';
import { mailConfig } from '../services/mail/config.ts';
import { signalsConfig } from '../services/signals/config.ts';
import { tokenServiceConfig } from '../services/token/config.ts';
import { threatConfig } from '../threat/config.ts';
import { tracingConfig } from '../tracing/config.ts';
import { actuatorConfig, certificateForLogin, vaultConfig } from '../vault/config.ts';
import { embedded, httpConfig, kafkaConfig, schemaRegistryConfig } from './connections.ts';

const { login, ...vaultServer } = vaultConfig.shape;

/** The name of an instance, which is made at start where it is not given. */
const instanceKey = {
  instanceId: lifecycleConfigSchema.shape.instanceId
    .unwrap()
    .optional()
    .describe(
      'Name of this instance, unique in its group; else host and process. One that comes back under its name fences its predecessor at once',
    ),
};

/**
 * Everything that `ebbtide.yaml` may say. Each section's schema stands beside the component that it configures.
 *
 * Every key has a default, so that no file at all is a valid configuration: the embedded one.
 */
export const configSchema = z
  .strictObject({
    kafka: kafkaConfig.prefault({}).describe('Kafka'),
    schemaRegistry: schemaRegistryConfig.prefault({}).describe('Schema registry'),
    vault: z
      .strictObject({
        ...vaultServer,
        address: z
          .union([z.literal(embedded), vaultServer.address])
          .default(embedded)
          .describe('URL of Vault or OpenBao; "embedded" starts a real OpenBao as a child process'),
        actuatorLogin: login.optional().describe('How the actuator logs in; set up for it where Vault is embedded'),
        consoleLogin: login
          .optional()
          .describe('How the console logs in, to disable entities; set up for it where Vault is embedded'),
        tokenServiceLogin: login
          .optional()
          .describe('How the token service logs in; set up for it where Vault is embedded'),
        keyhostLogin: login.optional().describe('How the key host logs in; set up for it where Vault is embedded'),
        keylifeLogin: login
          .optional()
          .describe('How the keylife pipeline logs in; set up for it where Vault is embedded'),
        privacyLogin: login.optional().describe('How ebbtide privacy logs in; set up for it where Vault is embedded'),
        provisionLogin: login
          .optional()
          .describe('How the provisioning engine logs in; set up for it where Vault is embedded'),
        deliveryLogin: login
          .optional()
          .describe('How the delivery service logs in; set up for it where Vault is embedded'),
      })
      .superRefine(certificateWithKey('address'))
      .superRefine((vault, issues) => certificateForLogin(vault, vault, issues))
      .prefault({})
      .describe('Vault or OpenBao'),
    clickhouse: clickhouseConfig.prefault({}).describe('ClickHouse'),
    policy: z
      .strictObject({
        lifecycle: lifecyclePolicySchema.prefault({}).describe('Policy of the lifecycle pipeline'),
        scope: scopePolicySchema.prefault({}).describe('Policy of the scope pipeline'),
        keylife: keylifePolicySchema.prefault({}).describe('Policy of the keylife pipeline and the key host'),
        preprovision: preprovisionPolicySchema.prefault({}).describe('Policy of the preprovision pipeline'),
      })
      .prefault({})
      .describe('Policies, until others are put in force through the topic "control"'),
    scopes: scopesConfig
      .prefault({})
      .describe('Scopes of your own, by name, beside default, read-only, single-service and blocked'),
    lifecycle: lifecycleConfigSchema.extend(instanceKey).prefault({}).describe('The lifecycle pipeline'),
    scope: scopeConfigSchema.extend(instanceKey).prefault({}).describe('The scope pipeline'),
    keylife: keylifeConfigSchema.extend(instanceKey).prefault({}).describe('The keylife pipeline'),
    keyhost: keyhostConfig.prefault({}).describe('The key host'),
    preprovision: preprovisionConfigSchema.extend(instanceKey).prefault({}).describe('The preprovision pipeline'),
    models: modelsConfigSchema
      .extend(modelRuntimeConfig.shape)
      .prefault({})
      .describe('Models: what runs them, and where they are registered'),
    actuate: actuatorConfig.prefault({}).describe('The actuator'),
    retrain: retrainConfigSchema.prefault({}).describe('Retraining from labels'),
    archive: archiveConfig.prefault({}).describe('The archive'),
    // That a shared secret is there is checked once its embedded default has been filled in
    token: z.strictObject(tokenServiceConfig.shape).prefault({}).describe('The token service'),
    provision: provisionConfig.prefault({}).describe('Credentials that are prepared before they are asked for'),
    delivery: deliveryConfig.prefault({}).describe('The service that users ask for credentials'),
    mail: mailConfig.prefault({}).describe('Notices to users and alerts to administrators by mail'),
    gateway: gatewayConfig.prefault({}).describe("The gateway's decision service"),
    threat: threatConfig.prefault({}).describe('Threat intelligence'),
    notify: notifyConfig.prefault({}).describe('Alerts to people'),
    signals: signalsConfig.prefault({}).describe('Shared signals with others (OpenID SSF and CAEP)'),
    console: consoleConfig.prefault({}).describe('The console'),
    agent: hostAgentConfig.prefault({}).describe('The host agent'),
    collector: accessCollectorConfig.prefault({}).describe('The access collector'),
    tracing: tracingConfig.prefault({}).describe('Traces by OpenTelemetry, off unless a receiver is named'),
    http: httpConfig.prefault({}).describe('Health and metrics of processes without a console'),
  })
  .superRefine(({ policy, scopes }, context) => {
    for (const { path, message } of rangeProblems(policy.scope, scopes))
      context.addIssue({ code: 'custom', path: ['policy', 'scope', ...path], message });
  });

/** A configuration, complete and checked. */
export type Config = z.output<typeof configSchema>;
