import { join } from 'node:path';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError, toGantryError } from '@gantry/runtime/errors.ts';
import type { Semaphore } from '@gantry/runtime/semaphore.ts';
import { containerConfigOf } from '../containers/config.ts';
import { checkSupported, type NodeFeatures } from '../containers/refusals.ts';
import type { ContainerConfig, EnvVar, ImageStatus, Mount, ObservedSandbox, Runtime } from '../runtime/runtime.ts';
import type { Action } from './action.ts';
import type { RecordPodEvent } from './events.ts';
import type { HookRunner } from './hooks.ts';
import type { ImagePuller } from './image-puller.ts';
import { type RetryWaits, retryWaits } from './memory.ts';
import type { Outcome } from './memory-update.ts';
import { outcomeOf } from './outcome.ts';
import type { PodPaths } from './paths.ts';
import { graceMsOf, type PlannedContainer, plannedContainers } from './spec.ts';
import type { ContainerStopper } from './stop-container.ts';
import type { ActionContext } from './worker.ts';

type Start = Extract<Action, { kind: 'startContainer' }>;

/** Dependencies of starting containers. */
export interface StarterDeps {
  readonly runtime: Runtime;
  readonly puller: ImagePuller;
  readonly hooks: HookRunner;
  readonly stopper: ContainerStopper;
  readonly paths: PodPaths;
  readonly clock: Clock;
  readonly starts: Semaphore;
  readonly recordEvent: RecordPodEvent;
  readonly nodeMemoryBytes: number;
  /** Directory that the paths of localhost seccomp profiles are relative to. */
  readonly seccompRoot: string;
  /** The container's variables. Throws Invalid if something they refer to is missing. */
  readonly environment: (
    pod: Pod,
    planned: PlannedContainer,
    podIps: readonly string[],
    signal: AbortSignal,
  ) => Promise<EnvVar[]>;
  /** The container's mounts. Rejects with Invalid if one cannot be made. */
  readonly mounts: (
    pod: Pod,
    planned: PlannedContainer,
    attempt: number,
    podIps: readonly string[],
    env: readonly EnvVar[],
  ) => Promise<Mount[]>;
  readonly features: NodeFeatures;
  /** The node's addresses: those of pods in its network. */
  readonly hostIps: readonly string[];
}

/** Starts containers: image, configuration, create, start, postStart hook. */
export interface ContainerStarter {
  start(context: ActionContext, action: Start, signal: AbortSignal): Promise<Outcome>;
}

/** A step of a start that failed, with the reason that its container waits for. */
class StartFailure extends Error {
  readonly reason: string;
  readonly waits: RetryWaits;

  constructor(reason: string, waits: RetryWaits, cause: unknown) {
    super(toGantryError(cause).message, { cause });
    this.reason = reason;
    this.waits = waits;
  }
}

export function containerStarter(deps: StarterDeps): ContainerStarter {
  return {
    async start(context, action, signal) {
      const planned = plannedContainers(context.pod).find(({ name }) => name === action.name);
      const sandbox = context.sandboxes.find(({ id }) => id === action.sandboxId);
      if (planned === undefined || sandbox === undefined) return { kind: 'aborted' };
      try {
        await startOne(deps, { ...context, planned, sandbox, action, signal });
        return { kind: 'done' };
      } catch (error) {
        if (!(error instanceof StartFailure)) return outcomeOf(error, 'RunContainerError', retryWaits.create, signal);
        const outcome = outcomeOf(error.cause, error.reason, error.waits, signal);
        if (outcome.kind === 'failed')
          deps.recordEvent(context.pod, 'Warning', 'Failed', eventText(error, planned.spec.image ?? ''), planned.name);
        return outcome;
      }
    },
  };
}

interface StartJob extends ActionContext {
  readonly planned: PlannedContainer;
  readonly sandbox: ObservedSandbox;
  readonly action: Start;
  readonly signal: AbortSignal;
}

async function startOne(deps: StarterDeps, job: StartJob): Promise<void> {
  const { pod, planned, action, signal } = job;
  const created = action.createdId ?? (await createOne(deps, job));
  await deps.starts
    .run(() => deps.runtime.containers.start(created, signal), signal)
    .catch(failAs('RunContainerError', retryWaits.create));
  deps.recordEvent(pod, 'Normal', 'Started', `Started container ${planned.name}`, planned.name);
  const hook = planned.spec.lifecycle?.postStart;
  if (hook === undefined) return;
  try {
    await deps.hooks.run(hook, { pod, planned, containerId: created, podIps: ipsOf(deps, job) }, signal);
  } catch (error) {
    // The pod ends meanwhile, which stops the container too.
    if (signal.aborted) throw error;
    const message = `PostStartHook failed: ${toGantryError(error).message}`;
    deps.recordEvent(pod, 'Warning', 'FailedPostStartHook', message, planned.name);
    // It ends as any container that is stopped, with its preStop hook and grace period, and restarts as after any other failure.
    const graceMs = graceMsOf(pod);
    const stop = { kind: 'stopContainer', name: planned.name, containerId: created, graceMs } as const;
    await deps.stopper.stop(job, { ...stop, why: { kind: 'postStartFailed' } }, signal);
  }
}

async function createOne(deps: StarterDeps, job: StartJob): Promise<string> {
  const { pod, planned, sandbox, signal } = job;
  await checkConfig(deps, pod, planned).catch(failAs('CreateContainerConfigError', retryWaits.config));
  const image = await ensureImage(deps, job);
  const config = await configOf(deps, job, image).catch(failAs('CreateContainerConfigError', retryWaits.config));
  await deps.paths.make(join(deps.paths.logs(pod), planned.name));
  const id = await deps.starts
    .run(() => deps.runtime.containers.create(sandbox.id, config, signal), signal)
    .catch(failAs('CreateContainerError', retryWaits.create));
  deps.recordEvent(pod, 'Normal', 'Created', `Created container: ${planned.name}`, planned.name);
  return id;
}

async function checkConfig({ features }: StarterDeps, pod: Pod, planned: PlannedContainer): Promise<void> {
  checkSupported(pod, planned, features);
}

async function ensureImage(deps: StarterDeps, { pod, planned, signal }: StartJob): Promise<ImageStatus> {
  const result = await deps.puller.ensure(pod, planned, signal).catch(failAs('ErrImagePull', retryWaits.pull));
  switch (result.kind) {
    case 'present':
      deps.recordEvent(pod, 'Normal', 'Pulled', presentText(planned), planned.name);
      return result.image;
    case 'pulled':
      deps.recordEvent(pod, 'Normal', 'Pulled', pulledText(planned, result), planned.name);
      return result.image;
    case 'invalidName':
      deps.recordEvent(pod, 'Warning', 'InspectFailed', result.message, planned.name);
      throw new StartFailure('InvalidImageName', retryWaits.pull, new GantryError('Invalid', result.message));
    case 'neverPulled': {
      const message = `Container image "${planned.spec.image}" is not present with pull policy of Never`;
      throw new StartFailure('ErrImageNeverPull', retryWaits.pull, new GantryError('NotFound', message));
    }
  }
}

function presentText(planned: PlannedContainer): string {
  return `Container image "${planned.spec.image}" already present on machine`;
}

function pulledText(
  planned: PlannedContainer,
  { image, tookMs }: { readonly image: ImageStatus; readonly tookMs: number },
): string {
  return `Successfully pulled image "${planned.spec.image}" in ${tookMs}ms. Image size: ${image.sizeBytes} bytes.`;
}

async function configOf(deps: StarterDeps, job: StartJob, image: ImageStatus): Promise<ContainerConfig> {
  const { pod, planned, action, signal } = job;
  const podIps = ipsOf(deps, job);
  const env = await deps.environment(pod, planned, podIps, signal);
  const mounts = await deps.mounts(pod, planned, action.attempt, podIps, env);
  const { attempt, delayMs } = action;
  const processesOf = targetOf(job);
  return containerConfigOf({
    pod,
    planned,
    attempt,
    delayMs,
    image,
    env,
    mounts,
    ...(processesOf === undefined ? {} : { processesOf }),
    nodeMemoryBytes: deps.nodeMemoryBytes,
    seccompRoot: deps.seccompRoot,
  });
}

/** The container whose processes an ephemeral one is to see. Throws Invalid while it does not run. */
function targetOf({ planned, sandbox }: StartJob): string | undefined {
  const { target } = planned;
  if (target === undefined) return undefined;
  const running = sandbox.containers.find(({ name, state }) => name === target && state.kind === 'running');
  if (running === undefined) throw new GantryError('Invalid', `unable to find target container ${target}`);
  return running.id;
}

function ipsOf(deps: StarterDeps, { pod, sandbox }: StartJob): readonly string[] {
  return pod.spec?.hostNetwork || sandbox.ips.length === 0 ? deps.hostIps : sandbox.ips;
}

function failAs(reason: string, waits: RetryWaits): (error: unknown) => never {
  return (error) => {
    throw new StartFailure(reason, waits, error);
  };
}

function eventText(failure: StartFailure, image: string): string {
  switch (failure.reason) {
    case 'ErrImagePull':
      return `Failed to pull image "${image}": ${failure.message}`;
    case 'InvalidImageName':
      return 'Error: InvalidImageName';
    default:
      return `Error: ${failure.message}`;
  }
}
