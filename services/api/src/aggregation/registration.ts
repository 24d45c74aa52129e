import { isDeepStrictEqual } from 'node:util';
import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import { builtInPlace, customPlace, handedOver, registrationGroup } from './priorities.ts';
import type { GroupVersion } from './view.ts';

/** Label by which the api knows the services that it keeps, as kube-aggregator has it: at each start, or always. */
const label = 'kube-aggregator.kubernetes.io/automanaged';
type Keeping = 'onstart' | 'true';

/** Changes of API services. */
export interface RegistrationPlan {
  readonly create: readonly APIService[];
  readonly update: readonly APIService[];
  readonly remove: readonly APIService[];
}

/** Everything that API services follow from. */
export interface RegistrationState {
  readonly stored: readonly APIService[];
  /** Versions of built-in kinds. */
  readonly builtIn: readonly GroupVersion[];
  /** Versions that definitions serve. */
  readonly custom: readonly GroupVersion[];
  /** The api starts: only then those of built-in kinds are looked after, so that an administrator may remove them. */
  readonly isStart: boolean;
}

/**
 * Plans the API services of the versions that the api itself serves. One without the label is somebody else's, such as one that
 * passes a version on to another server: it stays as it is.
 */
export function planRegistration({ stored, builtIn, custom, isStart }: RegistrationState): RegistrationPlan {
  const wanted = new Map<string, APIService>();
  for (const each of custom) wanted.set(nameOf(each), serviceOf(each, customPlace, 'true'));
  for (const each of isStart ? builtIn : []) {
    if (each.group === registrationGroup) continue;
    wanted.set(nameOf(each), serviceOf(each, builtInPlace(each.group, each.version), 'onstart'));
  }
  const known = new Map(stored.map((service) => [service.metadata.name ?? '', service]));
  const kept = stored.filter((service) => {
    const keeping = service.metadata.labels?.[label];
    return keeping === 'true' || (keeping === 'onstart' && isStart);
  });
  return {
    create: [...wanted.values()].filter(({ metadata }) => !known.has(metadata.name ?? '')),
    update: kept.flatMap((service) => {
      const { spec } = wanted.get(service.metadata.name ?? '') ?? service;
      return spec === undefined || isDeepStrictEqual(spec, service.spec) ? [] : [{ ...service, spec }];
    }),
    remove: kept.filter(({ metadata }) => !wanted.has(metadata.name ?? '')),
  };
}

function nameOf({ group, version }: GroupVersion): string {
  return `${version}.${group}`;
}

function serviceOf(
  each: GroupVersion,
  place: { readonly group: number; readonly version: number },
  keeping: Keeping,
): APIService {
  const { group, version } = each;
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: nameOf(each), ...(handedOver.has(group) ? {} : { labels: { [label]: keeping } }) },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: place.group,
      versionPriority: place.version,
    },
  };
}
