/** Validation of probes and lifecycle hooks. */
import type { FieldCause } from '@gantry/runtime/errors.ts';
import type {
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  Lifecycle,
  Probe,
  SleepAction,
  TCPSocketAction,
} from '../../../gen/gantry.core.v1.ts';
import { forbidden, invalidValue, invalidValues, nonNegative, oneOf, required } from '../../../validation/causes.ts';
import { headerNameProblems, portProblems } from '../../../validation/names.ts';

interface Handlers {
  readonly exec?: ExecAction | undefined;
  readonly httpGet?: HTTPGetAction | undefined;
  readonly tcpSocket?: TCPSocketAction | undefined;
  readonly grpc?: GRPCAction | undefined;
  readonly sleep?: SleepAction | undefined;
}

const schemes = ['HTTP', 'HTTPS'];

/** The three probes of a container, each where it is set. */
export function validateProbes(
  probes: {
    readonly livenessProbe?: Probe | undefined;
    readonly readinessProbe?: Probe | undefined;
    readonly startupProbe?: Probe | undefined;
  },
  path: string,
): FieldCause[] {
  const { livenessProbe, readinessProbe, startupProbe } = probes;
  const causes: FieldCause[] = [];
  if (livenessProbe !== undefined) causes.push(...validateRestarting(livenessProbe, `${path}.livenessProbe`));
  if (readinessProbe !== undefined) causes.push(...validateReadiness(readinessProbe, `${path}.readinessProbe`));
  if (startupProbe !== undefined) causes.push(...validateRestarting(startupProbe, `${path}.startupProbe`));
  return causes;
}

/** A probe that restarts its container: one success is enough. */
function validateRestarting(probe: Probe, path: string): FieldCause[] {
  const { successThreshold } = probe;
  return [
    ...validateProbe(probe, path),
    ...(successThreshold === undefined || successThreshold === 1
      ? []
      : [invalidValue(`${path}.successThreshold`, successThreshold, 'must be 1')]),
  ];
}

/** A probe that restarts nothing has nothing to wait for at an end. */
function validateReadiness(probe: Probe, path: string): FieldCause[] {
  const { terminationGracePeriodSeconds: seconds } = probe;
  return [
    ...validateProbe(probe, path),
    ...(seconds === undefined
      ? []
      : [invalidValue(`${path}.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes')]),
  ];
}

function validateProbe(probe: Probe, path: string): FieldCause[] {
  const { exec, httpGet, tcpSocket, grpc, terminationGracePeriodSeconds: graceSeconds } = probe;
  const counts = [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const;
  return [
    ...validateHandlers({ exec, httpGet, tcpSocket, grpc }, undefined, path),
    ...counts.flatMap((name) => nonNegative(`${path}.${name}`, probe[name])),
    ...(graceSeconds !== undefined && graceSeconds <= 0
      ? [invalidValue(`${path}.terminationGracePeriodSeconds`, graceSeconds, 'must be greater than 0')]
      : []),
  ];
}

/** Hooks. @param graceSeconds The pod's time to end, which a sleep must fit into. */
export function validateLifecycle(
  lifecycle: Lifecycle | undefined,
  graceSeconds: number | undefined,
  path: string,
): FieldCause[] {
  const { postStart, preStop } = lifecycle ?? {};
  return [
    ...(postStart === undefined ? [] : validateHandlers(postStart, graceSeconds, `${path}.postStart`)),
    ...(preStop === undefined ? [] : validateHandlers(preStop, graceSeconds, `${path}.preStop`)),
  ];
}

/** Exactly one handler. */
function validateHandlers(handlers: Handlers, graceSeconds: number | undefined, path: string): FieldCause[] {
  const names = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (name) => handlers[name] !== undefined,
  );
  const [first, ...more] = names;
  if (first === undefined) return [required(path, 'must specify a handler type')];
  return [
    ...validateHandler(handlers, graceSeconds, first, `${path}.${first}`),
    ...more.map((name) => forbidden(`${path}.${name}`, 'may not specify more than 1 handler type')),
  ];
}

function validateHandler(
  { exec, httpGet, tcpSocket, grpc, sleep }: Handlers,
  graceSeconds: number | undefined,
  name: keyof Handlers,
  path: string,
): FieldCause[] {
  switch (name) {
    case 'exec':
      return (exec!.command ?? []).length > 0 ? [] : [required(`${path}.command`)];
    case 'httpGet':
      return validateHttp(httpGet!, path);
    case 'tcpSocket':
      return invalidValues(`${path}.port`, tcpSocket!.port, portProblems(tcpSocket!.port));
    case 'grpc':
      return invalidValues(`${path}.port`, grpc!.port, portProblems(grpc!.port));
    case 'sleep': {
      const { seconds = 0 } = sleep!;
      const fits = graceSeconds === undefined || (seconds >= 0 && seconds <= graceSeconds);
      const text = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
      return fits ? [] : [invalidValue(path, seconds, text)];
    }
  }
}

function validateHttp({ path: urlPath, port, scheme, httpHeaders = [] }: HTTPGetAction, path: string): FieldCause[] {
  return [
    ...(urlPath ? [] : [required(`${path}.path`)]),
    ...invalidValues(`${path}.port`, port, portProblems(port)),
    ...oneOf(`${path}.scheme`, scheme, schemes),
    ...httpHeaders.flatMap(({ name }) => invalidValues(`${path}.httpHeaders`, name, headerNameProblems(name))),
  ];
}
