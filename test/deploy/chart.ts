import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../infra/paths.ts';
import { runProgram, yamlFile } from './tools.ts';

/** Folder of the Helm chart. */
export const chart = join(packageRoot(), 'deploy/helm/ebbtide');

/** A component as the chart's values describe it. */
export interface Component {
  readonly kind: string;
  readonly command: readonly string[];
  readonly replicas?: number;
  readonly vault?: string;
  readonly ports?: Readonly<Record<string, number>>;
  readonly keda?: { readonly topics: readonly string[]; readonly consumerGroup: string };
}
/** The chart's own values. */
export const values = yamlFile<{ components: Readonly<Record<string, Component>> }>('deploy/helm/ebbtide/values.yaml');

interface Container {
  readonly args: readonly string[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly ports: readonly { readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}
interface PodSpec {
  readonly hostPID?: boolean;
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly [Container];
  readonly volumes: readonly {
    readonly name: string;
    readonly hostPath?: object;
    readonly secret?: { readonly secretName: string };
    readonly projected?: {
      readonly sources: readonly { readonly serviceAccountToken?: Readonly<Record<string, unknown>> }[];
    };
  }[];
}
/** A rendered object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly replicas?: number;
    readonly template: { readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly {
      readonly metadata: Readonly<Record<string, string>>;
      readonly authenticationRef?: { readonly name: string };
    }[];
  };
}

/** Every component, with everything that can be turned on. */
export const everything = [
  ...Object.keys(values.components).map((name) => `components.${name}.enabled=true`),
  'keda.enabled=true',
  'serviceMonitor.enabled=true',
  'prometheusRule.enabled=true',
];
/** Definitions of the objects that KEDA and the Prometheus operator bring: kind, and name of the file. */
export const definitions = {
  ScaledObject: 'scaledobjects.yaml',
  TriggerAuthentication: 'triggerauthentications.yaml',
  ServiceMonitor: 'servicemonitors.yaml',
  PrometheusRule: 'prometheusrules.yaml',
} as const;
/** Certificates of an authority of the cluster's own. */
export const encrypted = ['tls.caSecretName=cluster-ca', 'config.vault.address=https://vault:8200'];
/** Combinations of values of which a Kubernetes must take whatever they render. */
export const combinations: readonly (readonly string[])[] = [
  [],
  everything,
  [...everything, 'vault.login=agent'],
  [...everything, ...encrypted, 'kafka.login=certificate'],
  [...everything, ...encrypted, 'kafka.login=scram'],
  ['vault.login=config', 'networkPolicy.enabled=false'],
];
/** Arguments by which values are set. */
export const setting = (settings: readonly string[]): string[] => settings.flatMap((one) => ['--set', one]);
/** What `helm template` makes of the chart, for release tide in namespace credentials. */
export const render = async (helm: string, settings: readonly string[]): Promise<readonly Manifest[]> => {
  const { stdout } = await runProgram(helm, [
    ...['template', 'tide', chart, '--namespace', 'credentials'],
    ...setting(settings),
  ]);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
};
/** Objects that make pods. */
export const workloads = (manifests: readonly Manifest[]) =>
  manifests.filter(({ kind }) => ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind));
