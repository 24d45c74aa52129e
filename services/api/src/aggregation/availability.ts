import type { APIService } from '@gantry/model/gen/gantry.apiregistration.v1.ts';
import type { Service } from '@gantry/model/gen/gantry.core.v1.ts';
import type { EndpointSlice } from '@gantry/model/gen/gantry.discovery.v1.ts';
import type { localCondition } from '@gantry/model/kinds/apiservice/apiservice.ts';
import { availableOf } from './view.ts';

/** Answer to whether requests of a version can be passed on, in Kubernetes' words. */
export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

/**
 * Problem of a version's service, as far as the objects tell; undefined where its server is worth a question.
 * @param service Undefined where there is none.
 * @param slices Of the service.
 */
export function serviceProblem(
  { spec }: APIService,
  service: Service | undefined,
  slices: readonly EndpointSlice[],
): Availability | undefined {
  const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  const problem = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  if (service === undefined) return problem('ServiceNotFound', `${where} is not present`);
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined;
  const found = service.spec?.ports?.find((each) => each.port === port);
  if (found === undefined) return problem('ServicePortError', `${where} is not listening on port ${port}`);
  if (slices.length === 0) return problem('EndpointsNotFound', `cannot find endpointslices for ${where}`);
  const portName = found.name ?? '';
  if (slices.some((slice) => servesPort(slice, portName))) return undefined;
  return problem(
    'MissingEndpoints',
    `endpointslices for ${where} have no addresses with port name ${JSON.stringify(portName)}`,
  );
}

function servesPort({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const isReady = (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false);
  return isReady && (ports ?? []).some(({ name = '', port }) => name === portName && port !== undefined);
}

/** The answer that a server's own gives. @param failure Why it did not answer its discovery; undefined where it did. */
export function answerOf(failure: string | undefined): Availability {
  return failure === undefined ? passed : { status: 'False', reason: 'FailedDiscoveryCheck', message: failure };
}

/** A service with another condition, where that is not the one that it has; undefined where nothing changes. */
export function withAvailability(
  service: APIService,
  availability: Availability | typeof localCondition,
  now: string,
): APIService | undefined {
  const known = availableOf(service);
  const { status, reason, message } = availability;
  if (known?.status === status && known.reason === reason && known.message === message) return undefined;
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now;
  const condition = {
    type: 'Available',
    status,
    ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }),
    reason,
    message,
  };
  const others = (service.status?.conditions ?? []).filter(({ type }) => type !== 'Available');
  return { ...service, status: { ...service.status, conditions: [...others, condition] } };
}
