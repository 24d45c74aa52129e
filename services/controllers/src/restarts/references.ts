import type { Container, PodSpec } from '@gantry/model/gen/gantry.core.v1.ts';

/** A ConfigMap or Secret whose content pods get. */
export interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  /** Pods start without it. */
  readonly isOptional: boolean;
}

/** The ConfigMaps and Secrets whose content pods of a spec get as variables or files, each once, in order. */
export function contentReferences(spec: PodSpec): Reference[] {
  const { containers, initContainers = [], volumes = [] } = spec;
  const found = [
    ...[...initContainers, ...containers].flatMap(ofContainer),
    ...volumes.flatMap(({ configMap, secret, projected }) => [
      ...of('ConfigMap', configMap?.name, configMap?.optional),
      ...of('Secret', secret?.secretName, secret?.optional),
      ...(projected?.sources ?? []).flatMap((source) => [
        ...of('ConfigMap', source.configMap?.name, source.configMap?.optional),
        ...of('Secret', source.secret?.name, source.secret?.optional),
      ]),
    ]),
  ];
  const byId = new Map<string, Reference>();
  for (const reference of found) {
    const before = byId.get(idOf(reference));
    // One place that cannot do without it is enough.
    if (before === undefined || before.isOptional) byId.set(idOf(reference), reference);
  }
  return inOrder([...byId.values()]);
}

function ofContainer({ env = [], envFrom = [] }: Container): Reference[] {
  return [
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...of('ConfigMap', configMapRef?.name, configMapRef?.optional),
      ...of('Secret', secretRef?.name, secretRef?.optional),
    ]),
    ...env.flatMap(({ valueFrom }) => [
      ...of('ConfigMap', valueFrom?.configMapKeyRef?.name, valueFrom?.configMapKeyRef?.optional),
      ...of('Secret', valueFrom?.secretKeyRef?.name, valueFrom?.secretKeyRef?.optional),
    ]),
  ];
}

function of(kind: Reference['kind'], name: string | undefined, optional: boolean | undefined): Reference[] {
  return name === undefined || name === '' ? [] : [{ kind, name, isOptional: optional === true }];
}

/** Such as configmap/web. */
export function idOf({ kind, name }: Pick<Reference, 'kind' | 'name'>): string {
  return `${kind.toLowerCase()}/${name}`;
}

/** Reads such a name; undefined for other texts. */
export function referenceOf(id: string): Reference | undefined {
  const [kind, name, ...rest] = id.split('/');
  if (name === undefined || name === '' || rest.length > 0) return undefined;
  switch (kind?.toLowerCase()) {
    case 'configmap':
      return { kind: 'ConfigMap', name, isOptional: true };
    case 'secret':
      return { kind: 'Secret', name, isOptional: true };
    default:
      return undefined;
  }
}

/** References in the order of their names. */
export function inOrder(references: readonly Reference[]): Reference[] {
  return [...references].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
}
