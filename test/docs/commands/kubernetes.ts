import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../infra/paths.ts';
import { deployTools } from '../../deploy/tools.ts';
import { controlPlane, whyNoKubernetes } from '../../services/kubernetes.ts';
import type { Scenario } from './scenario.ts';

/** The chart in a cluster without nodes, and how Vault comes to review its tokens. */
export const kubernetes: Scenario = {
  title: 'kubernetes',
  tools: ['kubectl', 'base64'],
  lacks: async () => whyNoKubernetes() ?? ((await deployTools()).findHelm() ? undefined : 'Helm'),
  prepare: async ({ shell, write, test }) => {
    const { kubeconfig } = await controlPlane(test);
    symlinkSync((await deployTools()).findHelm()!, join(shell.folder, 'bin', 'helm'));
    mkdirSync(join(shell.folder, 'deploy'));
    symlinkSync(join(packageRoot(), 'deploy', 'helm'), join(shell.folder, 'deploy', 'helm'));
    for (const name of ['clickhouse.password', 'token-service.secret', 'gateway-hash.key']) write(name, 'secret');
    write(
      'values.yaml',
      `config:
  kafka: { brokers: kafka:9092 }
  schemaRegistry: { url: http://registry:8081 }
  clickhouse: { url: http://clickhouse:8123 }
  vault: { address: http://vault:8200 }
secretName: ebbtide
keda: { enabled: false }
`,
    );
    const of = (program: string) => [`${program} `, `KUBECONFIG=${kubeconfig} ${program} `] as const;
    return [of('kubectl'), of('helm')];
  },
  commands: {
    'kubectl create namespace ebbtide': /created/,
    'kubectl label namespace ebbtide pod-security.kubernetes.io/enforce=restricted': /labeled/,
    'kubectl -n ebbtide create secret generic ebbtide --from-file=clickhouse.password --from-file=token-service.secret --from-file=gateway-hash.key':
      /secret\/ebbtide created/,
    'helm install ebbtide deploy/helm/ebbtide --namespace ebbtide --values values.yaml --set image.repository=registry.example/ebbtide':
      /STATUS: deployed/,
    'kubectl create namespace vault': /created/,
    'kubectl -n vault create serviceaccount vault-reviewer': /created/,
    'kubectl create clusterrolebinding vault-reviewer --clusterrole=system:auth-delegator --serviceaccount=vault:vault-reviewer':
      /created/,
    'kubectl -n vault create token vault-reviewer --duration=8760h > reviewer.jwt': {
      says: /^ey\S+\.\S+\.\S+$/,
      adds: '&& cat reviewer.jwt',
    },
    "kubectl config view --raw --minify --flatten -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d > cluster-ca.crt":
      { says: /BEGIN CERTIFICATE/, adds: '&& cat cluster-ca.crt' },
    'kubectl create namespace ebbtide-nodes': /created/,
    'kubectl label namespace ebbtide-nodes pod-security.kubernetes.io/enforce=privileged': /labeled/,
    'helm install ebbtide-nodes deploy/helm/ebbtide --namespace ebbtide-nodes --values values.yaml --values deploy/helm/ebbtide/values-agent.yaml':
      /STATUS: deployed/,
  },
};
