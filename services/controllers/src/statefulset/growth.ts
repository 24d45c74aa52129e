/** Growth of claims whose templates ask for more storage than when the claims were made. */
import type { StatefulSet, VolumeClaimTemplate } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { PersistentVolumeClaim } from '@gantry/model/gen/gantry.core.v1.ts';
import { compareQuantities, parseQuantity } from '@gantry/model/quantity.ts';
import type { Action, View } from '../core/action.ts';
import { claimName, ordinalsOf } from './identity.ts';
import { guard } from './scene.ts';

/** Annotation of the class of claims that were made before `storageClassName` was a field. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
/** Claims that a message names; the others are counted. */
const maxNamed = 3;

/** How far the claims are, for a condition of the set. */
export interface ClaimsGrowth {
  readonly reason: 'AllExpanded' | 'Expanding' | 'ClaimsNotBound' | 'ExpansionNotAllowed' | 'ExpansionRefused';
  readonly message: string;
  readonly actions: readonly Action[];
}

interface Small {
  readonly claim: PersistentVolumeClaim;
  readonly template: VolumeClaimTemplate;
  /** `grows`: its request is to be raised; `resizes`: it was raised, and the volume is still smaller. */
  readonly state: 'grows' | 'resizes' | 'unbound' | 'fixed';
}

/**
 * Raises the requests of the claims of all ordinals that the set asks for to those of their templates, where their class allows it.
 *
 * @param refusal why the api refused to raise a request last, if it did.
 * @returns undefined where the set has no templates.
 */
export function growthOf(set: StatefulSet, view: View, refusal: string | undefined): ClaimsGrowth | undefined {
  const { volumeClaimTemplates: templates = [] } = set.spec;
  if (templates.length === 0) return undefined;
  const { start, count } = ordinalsOf(set);
  const small = Array.from({ length: count }, (_, index) => start + index).flatMap((ordinal) =>
    templates.flatMap((template) => smallClaim(set, template, ordinal, view) ?? []),
  );
  const inState = (state: Small['state']): Small[] => small.filter((one) => one.state === state);
  const [fixed, unbound, growing] = [inState('fixed'), inState('unbound'), inState('grows')];
  const actions = growing.flatMap(({ claim, template }) => grow(set, claim, template));
  if (fixed.length > 0) return { reason: 'ExpansionNotAllowed', message: whyFixed(fixed), actions };
  if (refusal !== undefined && growing.length > 0) return { reason: 'ExpansionRefused', message: refusal, actions };
  if (unbound.length > 0) {
    return { reason: 'ClaimsNotBound', message: `${listed(unbound)}: only bound claims can be expanded`, actions };
  }
  if (small.length > 0) return { reason: 'Expanding', message: `${listed(small)}: being expanded`, actions };
  return { reason: 'AllExpanded', message: 'all claims are as large as their templates ask for', actions };
}

function smallClaim(set: StatefulSet, template: VolumeClaimTemplate, ordinal: number, view: View): Small | undefined {
  const name = claimName(set, template.metadata?.name ?? '', ordinal);
  const claim = view.get('PersistentVolumeClaim', set.metadata.namespace, name);
  const wanted = requestOf(template);
  if (claim === undefined || claim.metadata.deletionTimestamp !== undefined || wanted === undefined) return undefined;
  if (!isLess(requestOf(claim), wanted)) {
    // A volume may be larger than its claim asks for, and a claim may be made before it has a volume.
    const resizes = isLess(claim.status?.capacity?.storage, wanted) && claim.status?.phase === 'Bound';
    return resizes ? { claim, template, state: 'resizes' } : undefined;
  }
  if (claim.status?.phase !== 'Bound') return { claim, template, state: 'unbound' };
  return { claim, template, state: allowsExpansion(claim, view) ? 'grows' : 'fixed' };
}

function requestOf({ spec }: Pick<PersistentVolumeClaim, 'spec'>): string | undefined {
  return spec.resources?.requests?.storage;
}

function isLess(quantity: string | undefined, than: string): boolean {
  return quantity !== undefined && compareQuantities(parseQuantity(quantity), parseQuantity(than)) < 0;
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '';
}

function allowsExpansion(claim: PersistentVolumeClaim, view: View): boolean {
  const name = classOf(claim);
  return name !== '' && view.get('StorageClass', undefined, name)?.allowVolumeExpansion === true;
}

function grow(set: StatefulSet, claim: PersistentVolumeClaim, template: VolumeClaimTemplate): Action[] {
  const [before, storage] = [requestOf(claim), requestOf(template)!];
  const { resources } = claim.spec;
  const requests = { ...resources?.requests, storage };
  const object = { ...claim, spec: { ...claim.spec, resources: { ...resources, requests } } };
  const message = `Expand Claim ${claim.metadata.name} in StatefulSet ${set.metadata.name} from ${before} to ${storage}`;
  return [
    { type: 'update', object, ...guard(set) },
    { type: 'event', about: set, eventType: 'Normal', reason: 'ExpandClaim', message },
  ];
}

function whyFixed(fixed: readonly Small[]): string {
  const classes = [...new Set(fixed.map(({ claim }) => classOf(claim)))].map((name) => name || '""').join(', ');
  return `${listed(fixed)}: storage class ${classes} does not allow expansion`;
}

/** The claims with their sizes, such as `data-web-0 (1Gi of 2Gi)`. */
function listed(small: readonly Small[]): string {
  const named = small.slice(0, maxNamed).map(({ claim, template, state }) => {
    const size = state === 'resizes' ? claim.status?.capacity?.storage : requestOf(claim);
    return `${claim.metadata.name} (${size} of ${requestOf(template)})`;
  });
  const others = small.length - named.length;
  return `claims ${named.join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
}
