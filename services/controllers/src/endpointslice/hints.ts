import { isDeepStrictEqual } from 'node:util';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Endpoint, EndpointHints } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { Planned } from './arrange.ts';

/** The way in which endpoints of a Service say whose traffic they are for. */
export type HintMode =
  /** Each endpoint serves its own zone. */
  | 'zone'
  /** Each endpoint serves its own zone, and its own node before all others. */
  | 'node'
  /** Zones get endpoints by their share of CPUs. */
  | 'auto'
  | 'none';

const distributions: Readonly<Record<string, HintMode>> = {
  PreferClose: 'zone',
  PreferSameZone: 'zone',
  PreferSameNode: 'node',
};

/** The hints that a Service asks for. Its annotation comes before its field, and the older annotation before the newer. */
export function hintModeOf({ metadata: { annotations = {} }, spec }: Service): HintMode {
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode'];
  if (mode === 'Auto' || mode === 'auto') return 'auto';
  return distributions[spec.trafficDistribution ?? ''] ?? 'none';
}

export function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}

/** A slice whose endpoints have these hints; the same slice where they have them already. */
export function withHints(
  slice: Planned,
  hintsOf: (endpoint: Endpoint, index: number) => EndpointHints | undefined,
): Planned {
  const endpoints = slice.endpoints.map((endpoint, index): Endpoint => {
    const hints = hintsOf(endpoint, index);
    if (isDeepStrictEqual(hints, endpoint.hints)) return endpoint;
    const { hints: _before, ...plain } = endpoint;
    return hints === undefined ? plain : { ...plain, hints };
  });
  const isSame = endpoints.every((endpoint, index) => endpoint === slice.endpoints[index]);
  return isSame ? slice : { ...slice, endpoints, isChanged: true };
}

/** Slices whose ready endpoints serve their own zone, and with `node` their own node. */
export function nearHints(slices: readonly Planned[], mode: 'zone' | 'node'): Planned[] {
  return slices.map((slice) => withHints(slice, (endpoint) => nearHintsOf(endpoint, mode)));
}

function nearHintsOf(endpoint: Endpoint, mode: 'zone' | 'node'): EndpointHints | undefined {
  const { zone, nodeName } = endpoint;
  if (!isReady(endpoint)) return undefined;
  const hints = {
    ...(zone ? { forZones: [{ name: zone }] } : {}),
    ...(nodeName && mode === 'node' ? { forNodes: [{ name: nodeName }] } : {}),
  };
  return Object.keys(hints).length === 0 ? undefined : hints;
}

/** Slices without hints. */
export function noHints(slices: readonly Planned[]): Planned[] {
  return slices.map((slice) => withHints(slice, () => undefined));
}
