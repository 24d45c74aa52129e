import type { Container, ContainerPort, PodSpec } from '../../gen/gantry.core.v1.ts';
import type { ObjectMeta } from '../../gen/gantry.meta.v1.ts';
import { parseQuantity } from '../../quantity.ts';

/** Labels of nodes that Kubernetes gave up, with its words about each. */
const deprecatedNodeLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};
const deprecatedAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

/**
 * Remarks on a pod, or on the template of one, that are no refusal: Kubernetes' own, of fields that hide one another, that have no
 * effect and that it gave up.
 * @param path Of the template in its object, with a dot at its end; empty for a pod.
 */
export function podWarnings(metadata: Partial<ObjectMeta> | undefined, spec: PodSpec, path = ''): string[] {
  const containers: [string, Container][] = [
    ...(spec.initContainers ?? []).map(at(`${path}spec.initContainers`)),
    ...spec.containers.map(at(`${path}spec.containers`)),
  ];
  return [
    ...selectorWarnings(spec, `${path}spec`),
    ...keyWarnings(`${path}metadata.annotations`, metadata?.annotations, deprecatedAnnotations),
    ...doubled(
      spec.hostAliases,
      ({ ip }) => ip,
      (index, ip) => `${path}spec.hostAliases[${index}].ip: duplicate ip "${ip}"`,
    ),
    ...doubled(
      spec.imagePullSecrets,
      ({ name }) => name,
      (index, name) => `${path}spec.imagePullSecrets[${index}].name: duplicate name "${name}"`,
    ),
    ...containers.flatMap(([place, container]) => [
      ...byteWarnings(place, container),
      ...envWarnings(place, container),
    ]),
    ...portWarnings(containers),
    ...portNameWarnings(containers),
    ...(Number(spec.terminationGracePeriodSeconds ?? 0) < 0
      ? [
          `${path}spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
  ];
}

function at<T>(path: string): (item: T, index: number) => [string, T] {
  return (item, index) => [`${path}[${index}]`, item];
}

function selectorWarnings({ nodeSelector, topologySpreadConstraints = [] }: PodSpec, path: string): string[] {
  return [
    ...keyWarnings(`${path}.nodeSelector`, nodeSelector, deprecatedNodeLabels),
    ...topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => {
      const place = `${path}.topologySpreadConstraints[${index}]`;
      const word = Object.hasOwn(deprecatedNodeLabels, topologyKey) ? deprecatedNodeLabels[topologyKey] : undefined;
      return [
        ...(word === undefined ? [] : [`${place}.topologyKey: ${topologyKey} is ${word}`]),
        ...(labelSelector === undefined
          ? [`${place}.labelSelector: a null labelSelector results in matching no pod`]
          : []),
      ];
    }),
  ];
}

function keyWarnings(path: string, map: object | undefined, words: Readonly<Record<string, string>>): string[] {
  return Object.keys(map ?? {}).flatMap((key) => (Object.hasOwn(words, key) ? [`${path}[${key}]: ${words[key]}`] : []));
}

function doubled<T>(
  items: readonly T[] | undefined,
  keyOf: (item: T) => string | undefined,
  tell: (index: number, key: string) => string,
): string[] {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, index) => {
    const key = keyOf(item) ?? '';
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [tell(index, key)];
  });
}

/** Amounts of bytes that are no whole number of them. */
function byteWarnings(place: string, { resources }: Container): string[] {
  return (['limits', 'requests'] as const).flatMap((part) =>
    ['memory', 'ephemeral-storage'].flatMap((name) => {
      const amount = resources?.[part]?.[name];
      if (amount === undefined || !String(amount).endsWith('m')) return [];
      if (parseQuantity(amount).exponent >= 0) return [];
      return [`${place}.resources.${part}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`];
    }),
  );
}

/** A variable that stands twice is fine only where the later value builds on the earlier one. */
function envWarnings(place: string, { env = [] }: Container): string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const isNew = !seen.has(name);
    seen.add(name);
    const reference = `$(${name})`;
    if (isNew || (valueFrom === undefined && value !== reference && value.includes(reference))) return [];
    return [`${place}.env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`];
  });
}

function portWarnings(containers: readonly [string, Container][]): string[] {
  const known = new Map<string, [string, ContainerPort][]>();
  return containers.flatMap(([place, { ports = [] }]) =>
    ports.flatMap((port, index) => {
      const own = `${place}.ports[${index}]`;
      const key = `${port.containerPort}/${port.protocol ?? 'TCP'}`;
      const others = known.get(key) ?? [];
      known.set(key, [...others, [own, port]]);
      return others.flatMap(([other, before]) => {
        const word = clashOf(port, before);
        return word === undefined ? [] : [`${own}: ${word} port definition with ${other}`];
      });
    }),
  );
}

/** Word for two definitions of one port; undefined where both stand beside each other. */
function clashOf(port: ContainerPort, before: ContainerPort): string | undefined {
  const [hostIp, hostPort, otherIp, otherPort] = [
    port.hostIP ?? '',
    port.hostPort ?? 0,
    before.hostIP ?? '',
    before.hostPort ?? 0,
  ];
  if (hostIp === otherIp && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIp === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function portNameWarnings(containers: readonly [string, Container][]): string[] {
  const known = new Map<string, string>();
  return containers.flatMap(([place, { ports = [] }]) =>
    ports.flatMap(({ name = '' }, index) => {
      const own = `${place}.ports[${index}]`;
      const other = known.get(name);
      if (name !== '' && other === undefined) known.set(name, own);
      return other === undefined
        ? []
        : [
            `${own}: duplicate port name "${name}" with ${other}, services and probes that select ports by name will use ${other}`,
          ];
    }),
  );
}
