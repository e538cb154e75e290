/** From a change in Kafka to its effect at every gateway, asked for without pause. */
import { Agent, request } from 'node:http';
import type { Kafka } from '../../../infra/kafka/types.ts';
import { TopicCodec } from '../../../schemas/codec.ts';
import { controlPartition, controlRecord } from '../../../schemas/control.ts';
import type { Control, ScopeOverride } from '../../../schemas/generated/index.ts';
import type { SchemaRegistry } from '../../../schemas/registry.ts';
import { topics } from '../../../schemas/topics.ts';
import { path } from './stage.ts';

/** What is measured on. */
export interface ChangeStage {
  readonly kafka: Kafka;
  readonly registry: SchemaRegistry;
  /** HTTP ports of all gateways. */
  readonly ports: readonly number[];
  /** Secret of a caller and its identifier. */
  readonly caller: (i: number) => { readonly secret: string; readonly frontendCredential: string };
}

/** Milliseconds from the write of a change to the answer of the last gateway that follows it. */
export interface ChangeTimes {
  /** An override is written, and refuses. */
  readonly deny: readonly number[];
  /** The kill switch of the pipeline is thrown, and lifts it; or is off again, and refuses. */
  readonly killSwitch: readonly number[];
}

/**
 * @param changes - overrides, each of another caller
 * @param switches - times that the kill switch is thrown and off again
 */
export const timeChanges = async (
  { kafka, registry, ports, caller }: ChangeStage,
  changes: number,
  switches: number,
): Promise<ChangeTimes> => {
  const overrides = await TopicCodec.open<ScopeOverride>(topics.scopeOverrides, registry);
  const controls = await TopicCodec.open<Control>(topics.control, registry);
  const producer = await kafka.producer({ lingerMs: 0 });
  const agent = new Agent({ keepAlive: true });
  const status = (port: number, secret: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { 'x-api-key': secret };
      request({ port, path: `/envoy${path}`, headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!));
      })
        .once('error', reject)
        .end();
    });
  const untilAll = (secret: string, wanted: number) =>
    Promise.all(
      ports.map(async (port) => {
        while ((await status(port, secret)) !== wanted);
      }),
    );
  const timed = async (message: Parameters<typeof producer.send>[0][number], secret: string, wanted: number) => {
    const from = performance.now();
    const written = producer.send([message]);
    await untilAll(secret, wanted);
    const took = performance.now() - from;
    await written;
    return took;
  };

  const deny: number[] = [];
  for (let i = 0; i < changes; i++) {
    const { secret, frontendCredential } = caller(i);
    const value = overrides.encode({
      frontendCredential,
      scope: 'blocked',
      service: null,
      risk: 95,
      mode: 'enforce',
      expiresAt: null,
      decisionId: `scope/${frontendCredential}/${i}`,
      policyVersion: 'bench',
      reasons: [],
      at: Date.now(),
    });
    for (const port of ports)
      if ((await status(port, secret)) !== 200) throw new Error(`${secret} is refused before its override`);
    deny.push(await timed({ topic: topics.scopeOverrides.name, key: frontendCredential, value }, secret, 403));
  }
  const killSwitch: number[] = [];
  for (let i = 0; i < 2 * switches; i++) {
    const on = i % 2 === 0;
    const setting = { kind: 'killSwitch', pipeline: 'scope', value: on, by: 'bench', reason: '' } as const;
    const record = controlRecord(setting, Date.now());
    const message = { topic: topics.control.name, partition: controlPartition, key: record.key };
    killSwitch.push(await timed({ ...message, value: controls.encode(record) }, caller(0).secret, on ? 200 : 403));
  }
  agent.destroy();
  await producer.close();
  return { deny, killSwitch };
};
