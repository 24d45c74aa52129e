import type { Kind, KubeObject } from '@gantry/model/kind.ts';
import { apiVersionOf, type Form, type Registry } from '@gantry/model/registry.ts';
import type { AdmissionAttempt } from '../chain.ts';

/** A type in one version. */
export interface TypeName {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A resource in one of the forms in which its kind is served, as rules name it. */
export interface Place {
  readonly group: string;
  readonly version: string;
  /** Plural name, such as pods. */
  readonly resource: string;
  readonly form: Form;
  /** The type of objects that requests for it have: that of the subresource where it has one of its own. */
  readonly type: TypeName;
}

const known = new WeakMap<Kind, Map<string, readonly Place[]>>();

/** All forms of what an attempt is about, in the order in which they are served. */
export function placesOf(kinds: Registry, attempt: AdmissionAttempt): readonly Place[] {
  const { kind, request } = attempt;
  const { subresource } = request;
  const ofKind = known.get(kind) ?? new Map<string, readonly Place[]>();
  known.set(kind, ofKind);
  let places = ofKind.get(subresource);
  if (places === undefined) {
    places = [kind, ...(kind.versions ?? [])].flatMap((version) => {
      const form = kinds.served(apiVersionOf(version), kind.plural);
      return form === undefined ? [] : [placeOf(form, attempt)];
    });
    ofKind.set(subresource, places);
  }
  return places;
}

/** A form with the type of the objects that requests for it have: that of the subresource, or of the body, where it has one of its own. */
export function placeOf(form: Form, { operation, request: { subresource }, object }: AdmissionAttempt): Place {
  const { group, version, kind } = form;
  const place = { group, version, resource: kind.plural, form };
  if (operation === 'CONNECT' && object !== undefined) return { ...place, type: typeOf(object) };
  const own = kind.subresources !== undefined && Object.hasOwn(kind.subresources, subresource);
  const type = own ? kind.subresources[subresource]?.type : undefined;
  return { ...place, type: type ?? { group, version, kind: kind.kind } };
}

function typeOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): TypeName {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1), kind };
}

/** The place that the client asked for. */
export function requestedPlace(places: readonly Place[], { form }: AdmissionAttempt): Place | undefined {
  return places.find((place) => place.group === form.group && place.version === form.version);
}

/** The namespace of an attempt as rules see it: a Namespace is in itself. */
export function namespaceOf({ kind, namespace, name }: AdmissionAttempt): string {
  return isNamespace(kind) ? name : namespace;
}

/** True for the kind Namespace of the core group. */
export function isNamespace({ kind, group }: Kind): boolean {
  return kind === 'Namespace' && group === '';
}

const configurationKinds = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** True for the kinds that configure admission: a broken configuration must not be able to keep itself from being mended. */
export function isExempt({ kind, group }: Kind): boolean {
  return group === 'admissionregistration.k8s.io' && configurationKinds.has(kind);
}
