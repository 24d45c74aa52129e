import type { Container, Pod, Probe } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { toGantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { Semaphore } from '@gantry/runtime/semaphore.ts';
import type { RecordPodEvent } from '../pods/events.ts';
import { plannedContainers, podUid, reportedStatuses } from '../pods/spec.ts';
import { currentSandbox, type PodView, type ProbeVerdict } from '../pods/view.ts';
import type { ObservedContainer, Streams } from '../runtime/runtime.ts';
import { type CheckTarget, check } from './check.ts';
import type { CheckOutcome } from './outcome.ts';
import { Prober } from './prober.ts';
import type { ProbeKind } from './state.ts';

/** Checks that run at once; the others wait a moment. */
const maxChecks = 32;

/** Dependencies of the probe manager. */
export interface ProbeManagerDeps {
  readonly streams: Pick<Streams, 'execSync'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly recordEvent: RecordPodEvent;
  /** Address of pods in the node's network. */
  readonly hostIp: string;
  /** Called when a probe's result changed. */
  readonly onResult: (podUid: string) => void;
  /** Called after each check. */
  readonly onChecked?:
    | ((pod: Pod, container: string, kind: ProbeKind, result: CheckOutcome['result']) => void)
    | undefined;
}

interface Probed {
  readonly podUid: string;
  readonly container: Container;
  readonly probers: Map<ProbeKind, Prober>;
}

/** Runs the probes of every running container of the node. */
export class ProbeManager implements Disposable {
  readonly #deps: ProbeManagerDeps;
  readonly #slots = new Semaphore(maxChecks);
  /** By container id. */
  readonly #probed = new Map<string, Probed>();
  /** Container ids by pod uid. */
  readonly #byPod = new Map<string, readonly string[]>();

  constructor(deps: ProbeManagerDeps) {
    this.#deps = deps;
  }

  /** The probes' verdict on a container; undefined if it is not known to run. */
  verdict(containerId: string): ProbeVerdict | undefined {
    const probed = this.#probed.get(containerId);
    if (probed === undefined) return undefined;
    const resultOf = (kind: ProbeKind) => probed.probers.get(kind)?.result;
    const started = probed.container.startupProbe === undefined || resultOf('startup') === 'success';
    const ready = started && (probed.container.readinessProbe === undefined || resultOf('readiness') === 'success');
    if (resultOf('startup') === 'failure')
      return { started, ready, failed: failedBy('Startup', probed.container.startupProbe) };
    if (resultOf('liveness') === 'failure')
      return { started, ready, failed: failedBy('Liveness', probed.container.livenessProbe) };
    return { started, ready };
  }

  /** Starts probes for the pod's running containers and stops all others. */
  sync(view: PodView): void {
    const uid = podUid(view.pod);
    const running = currentSandbox(view)?.containers.filter(({ state }) => state.kind === 'running') ?? [];
    const wanted = new Set(running.map(({ id }) => id));
    for (const id of this.#byPod.get(uid) ?? []) if (!wanted.has(id)) this.#drop(id);
    for (const container of running) this.#ensure(view, container);
    if (wanted.size > 0) this.#byPod.set(uid, [...wanted]);
    else this.#byPod.delete(uid);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#probed.keys()]) this.#drop(id);
  }

  #drop(containerId: string): void {
    for (const prober of this.#probed.get(containerId)?.probers.values() ?? []) prober[Symbol.dispose]();
    this.#probed.delete(containerId);
  }

  #ensure(view: PodView, container: ObservedContainer): void {
    const planned = plannedContainers(view.pod).find(({ name }) => name === container.name);
    if (planned === undefined || planned.role === 'init' || planned.role === 'ephemeral') return;
    let probed = this.#probed.get(container.id);
    if (probed === undefined) {
      probed = { podUid: podUid(view.pod), container: planned.spec, probers: new Map() };
      this.#probed.set(container.id, probed);
    }
    // Liveness and readiness begin once the startup probe is through.
    if (planned.spec.startupProbe !== undefined)
      this.#begin(view, container, probed, 'startup', planned.spec.startupProbe);
    const isStarted = planned.spec.startupProbe === undefined || probed.probers.get('startup')?.result === 'success';
    if (!isStarted) return;
    if (planned.spec.livenessProbe !== undefined)
      this.#begin(view, container, probed, 'liveness', planned.spec.livenessProbe);
    if (planned.spec.readinessProbe !== undefined)
      this.#begin(view, container, probed, 'readiness', planned.spec.readinessProbe);
  }

  #begin(view: PodView, container: ObservedContainer, probed: Probed, kind: ProbeKind, probe: Probe): void {
    if (probed.probers.has(kind) || container.state.kind !== 'running') return;
    const { clock, onResult } = this.#deps;
    const target: CheckTarget = {
      container: probed.container,
      containerId: container.id,
      podIp: currentSandbox(view)?.ips[0] ?? this.#deps.hostIp,
    };
    const { pod } = view;
    const prober = new Prober(kind, probe, wasReported(view, container, kind), container.state.startedAtMs, {
      clock,
      check: async (timeoutMs, signal) => {
        const outcome: CheckOutcome = await this.#slots
          .run(() => check(this.#deps.streams, probe, target, timeoutMs, signal), signal)
          .catch((error: unknown) => ({ result: 'unknown', message: toGantryError(error).message }));
        if (!signal.aborted) this.#deps.onChecked?.(pod, probed.container.name, kind, outcome.result);
        return outcome;
      },
      onResult: () => onResult(probed.podUid),
      onTrouble: (outcome) => this.#record(pod, probed.container.name, kind, outcome),
      onError: (error) => this.#deps.log.error({ error, kind, container: container.id }, 'a probe failed unforeseen'),
    });
    probed.probers.set(kind, prober);
  }

  #record(pod: Pod, container: string, kind: ProbeKind, { result, message }: CheckOutcome): void {
    const name = kind[0]?.toUpperCase() + kind.slice(1);
    if (result === 'warning') {
      this.#deps.recordEvent(pod, 'Warning', 'ProbeWarning', `${name} probe warning: ${message}`, container);
      return;
    }
    const verb = result === 'failure' ? 'failed' : 'errored and resulted in unknown state';
    this.#deps.recordEvent(pod, 'Warning', 'Unhealthy', `${name} probe ${verb}: ${message}`, container);
  }
}

function failedBy(probe: 'Startup' | 'Liveness', spec: Probe | undefined): NonNullable<ProbeVerdict['failed']> {
  const graceSeconds = spec?.terminationGracePeriodSeconds;
  return { probe, ...(graceSeconds === undefined ? {} : { graceSeconds }) };
}

/** Whether the agent's previous process reported the probe's success for this very container. */
function wasReported(view: PodView, container: ObservedContainer, kind: ProbeKind): boolean {
  if (kind === 'liveness') return false;
  const statuses = reportedStatuses(view.previous);
  const status = statuses.find(({ containerID }) => containerID?.endsWith(`//${container.id}`));
  return (kind === 'startup' ? status?.started : status?.ready) === true;
}
