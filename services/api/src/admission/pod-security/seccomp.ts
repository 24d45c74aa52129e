import {
  type Check,
  containersNamed,
  containersOf,
  namesOf,
  quoted,
  setters,
  sorted,
  type Violation,
  word,
} from './check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';
const allowedTypes: readonly string[] = ['RuntimeDefault', 'Localhost'];
const reason = 'seccompProfile';

interface Secured {
  readonly securityContext?: { readonly seccompProfile?: { readonly type: string } };
}

/** Refuses profiles in annotations, as Kubernetes knew them before the fields. */
export const seccompAnnotations: Check = ({ metadata, spec }) => {
  const annotations = metadata?.annotations ?? {};
  const keys = [podAnnotation, ...containersOf(spec).map(({ name }) => containerAnnotation + name)];
  const bad = sorted(
    keys
      .filter((key) => annotations[key] !== undefined && !isAllowedAnnotation(annotations[key]))
      .map((key) => `${key}=${JSON.stringify(annotations[key])}`),
  );
  if (bad.length === 0) return undefined;
  return { reason, detail: `forbidden ${word('annotation', bad.length)} ${bad.join(', ')}` };
};

function isAllowedAnnotation(value: string): boolean {
  return value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');
}

/** Refuses profiles but the runtime's own and those of the node. */
export const seccompFields: Check = ({ spec }) => explicit(spec);

/** Asks for a profile of these for each container, its own or the pod's. */
export const seccompRequired: Check = ({ spec }) => {
  const wrong = explicit(spec);
  if (wrong !== undefined) return wrong;
  if (typeOf(spec) !== undefined) return undefined;
  const lacking = namesOf(spec, (container) => typeOf(container) === undefined);
  if (lacking.length === 0) return undefined;
  const wanted = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason, detail: `pod or ${containersNamed(lacking)} ${wanted}` };
};

function explicit(spec: Parameters<Check>[0]['spec']): Violation | undefined {
  const isBad = (one: Secured): boolean => {
    const type = typeOf(one);
    return type !== undefined && !allowedTypes.includes(type);
  };
  const set = setters(isBad(spec), namesOf(spec, isBad));
  if (set.length === 0) return undefined;
  const types = sorted([spec, ...containersOf(spec)].filter(isBad).map((one) => typeOf(one)!));
  const detail = `${set.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(types)}`;
  return { reason, detail };
}

function typeOf({ securityContext }: Secured): string | undefined {
  return securityContext?.seccompProfile?.type;
}
