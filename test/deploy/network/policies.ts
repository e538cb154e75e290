/** Labels of a pod or a namespace. */
export type Labels = Readonly<Record<string, string>>;

/** Which labels are meant; an empty one means all. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}
interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Port {
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly port?: number | string;
  readonly endPort?: number;
}
interface Rule {
  readonly ports?: readonly Port[] | null;
  readonly from?: readonly Peer[] | null;
  readonly to?: readonly Peer[] | null;
}
/** A NetworkPolicy of `networking.k8s.io/v1`. */
export interface NetworkPolicy {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly podSelector: LabelSelector;
    readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
    readonly ingress?: readonly Rule[] | null;
    readonly egress?: readonly Rule[] | null;
  };
}

/** One end of a connection: a pod, or, without a namespace, an address outside the cluster. */
export interface Endpoint {
  readonly address: string;
  readonly namespace?: { readonly name: string; readonly labels: Labels };
  readonly labels?: Labels;
  /** Numbers of its ports that have names. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Whether a selector means these labels. */
export const selects = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const among = value !== undefined && values.includes(value);
    return operator === 'In' ? among : !among;
  });

const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number.parseInt(part, 10), 0);
const within = (address: string, cidr: string): boolean => {
  const [base, bits] = cidr.split('/') as [string, string];
  const size = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(address) / size) === Math.floor(numberOf(base) / size);
};

const isPeer = ({ podSelector, namespaceSelector, ipBlock }: Peer, other: Endpoint, own: string): boolean => {
  if (ipBlock)
    return within(other.address, ipBlock.cidr) && !(ipBlock.except ?? []).some((cidr) => within(other.address, cidr));
  if (!other.namespace) return false;
  const there = namespaceSelector
    ? selects(namespaceSelector, other.namespace.labels)
    : podSelector !== undefined && other.namespace.name === own;
  return there && (podSelector === undefined || selects(podSelector, other.labels ?? {}));
};
const isPort = ({ protocol = 'TCP', port, endPort }: Port, to: Endpoint, number: number, over: string): boolean => {
  if (protocol !== over) return false;
  if (port === undefined) return true;
  if (typeof port === 'string') return to.ports?.[port] === number;
  return endPort === undefined ? port === number : number >= port && number <= endPort;
};

/**
 * Whether Kubernetes lets a connection through, by the semantics of the
 * [API](https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/): a pod that no policy
 * selects for a direction is open in it; else what any rule allows is allowed, and nothing else. A rule without peers
 * means all of them, one without ports every port. Both ends must agree.
 *
 * @param port - 1 to 65535
 */
export const admits = (
  policies: readonly NetworkPolicy[],
  from: Endpoint,
  to: Endpoint,
  port: number,
  protocol: 'TCP' | 'UDP' | 'SCTP' = 'TCP',
): boolean => {
  const allowed = (direction: 'Ingress' | 'Egress', own: Endpoint, other: Endpoint): boolean => {
    const { namespace, labels = {} } = own;
    if (!namespace) return true;
    const selecting = policies.filter(({ metadata, spec }) => {
      const types = spec.policyTypes ?? (spec.egress ? ['Ingress', 'Egress'] : ['Ingress']);
      return metadata.namespace === namespace.name && types.includes(direction) && selects(spec.podSelector, labels);
    });
    if (selecting.length === 0) return true;
    return selecting.some(({ spec }) =>
      ((direction === 'Ingress' ? spec.ingress : spec.egress) ?? []).some((rule) => {
        const peers = (direction === 'Ingress' ? rule.from : rule.to) ?? [];
        const ports = rule.ports ?? [];
        return (
          (peers.length === 0 || peers.some((peer) => isPeer(peer, other, namespace.name))) &&
          (ports.length === 0 || ports.some((one) => isPort(one, to, port, protocol)))
        );
      }),
    );
  };
  return allowed('Egress', from, to) && allowed('Ingress', to, from);
};
