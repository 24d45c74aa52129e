import { type Check, containersOf, namesOf, quoted, setters, sorted, word } from './check.ts';

const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const allowedTypes: readonly string[] = ['RuntimeDefault', 'Localhost'];

interface Secured {
  readonly securityContext?: { readonly appArmorProfile?: { readonly type: string } };
}

function badType({ securityContext }: Secured): string | undefined {
  const type = securityContext?.appArmorProfile?.type;
  return type === undefined || allowedTypes.includes(type) ? undefined : type;
}

/** Refuses AppArmor profiles but the runtime's own and those of the node, in fields and in the annotations of old. */
export const appArmor: Check = ({ metadata, spec }) => {
  const types = [spec, ...containersOf(spec)].map(badType).filter((type) => type !== undefined);
  const annotations = Object.entries(metadata?.annotations ?? {})
    .filter(([key, value]) => key.startsWith(annotationPrefix) && !isAllowed(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const values = [...sorted(types), ...annotations.sort()];
  const set = setters(
    badType(spec) !== undefined,
    namesOf(spec, (one) => badType(one) !== undefined),
  );
  if (annotations.length > 0) set.push(word('annotation', annotations.length));
  if (set.length === 0) return undefined;
  return {
    reason: word('forbidden AppArmor profile', values.length),
    detail: `${set.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

function isAllowed(profile: string): boolean {
  return profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');
}
