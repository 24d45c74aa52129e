import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { containerHash, keys } from '../pods/labels.ts';
import type { PlannedContainer } from '../pods/spec.ts';
import { shareOf } from '../resize/shares.ts';
import type { ContainerConfig, EnvVar, ImageStatus, Mount } from '../runtime/runtime.ts';
import { expand } from './expand.ts';
import { resourcesOf } from './resources.ts';
import { checkNonRoot, securityOf } from './security.ts';

/** Inputs of a container's configuration. */
export interface ContainerInputs {
  readonly pod: Pod;
  readonly planned: PlannedContainer;
  readonly attempt: number;
  /** Back-off after the instance before it, in milliseconds; undefined for the first. */
  readonly delayMs: number | undefined;
  readonly image: ImageStatus;
  readonly env: readonly EnvVar[];
  readonly mounts: readonly Mount[];
  /** Id of the container whose processes this one sees; its own where absent. */
  readonly processesOf?: string;
  /** Memory of the machine, in bytes. */
  readonly nodeMemoryBytes: number;
  /** Directory that the paths of localhost seccomp profiles are relative to. */
  readonly seccompRoot: string;
}

/** Path of an instance's log below the pod's log directory. */
export function logPathOf(container: string, attempt: number): string {
  return `${container}/${attempt}.log`;
}

/** The runtime's configuration of one instance. Throws Invalid (a CreateContainerConfigError) if it is impossible. */
export function containerConfigOf(inputs: ContainerInputs): ContainerConfig {
  const { pod, planned, attempt, delayMs, image, env, mounts } = inputs;
  const { spec } = planned;
  checkNonRoot(pod, spec, image);
  const values = new Map(env.map(({ name, value }) => [name, value]));
  const expanded = (field: 'command' | 'args') =>
    spec[field]?.map((word, index) => {
      const what = `${field}[${index}] of container ${planned.name}`;
      if (word.includes('\0')) throw new GantryError('Invalid', `${what} has a NUL byte in it`);
      return expand(word, (name) => values.get(name), what);
    });
  const command = expanded('command');
  const args = expanded('args');
  return {
    name: planned.name,
    attempt,
    image: image.id,
    ...(command === undefined || command.length === 0 ? {} : { command }),
    ...(args === undefined || args.length === 0 ? {} : { args }),
    ...(spec.workingDir ? { workingDir: spec.workingDir } : {}),
    env,
    mounts,
    resources: resourcesOf(pod, spec, inputs.nodeMemoryBytes),
    security: securityOf(pod, spec, inputs.seccompRoot),
    ...(inputs.processesOf === undefined ? {} : { processesOf: inputs.processesOf }),
    ...(spec.stdin ? { stdin: true, stdinOnce: spec.stdinOnce ?? false } : {}),
    ...(spec.tty ? { tty: true } : {}),
    logPath: logPathOf(planned.name, attempt),
    labels: { [keys.containerHash]: containerHash(spec), [keys.role]: planned.role },
    annotations: {
      [keys.share]: JSON.stringify(shareOf(spec.resources)),
      ...(delayMs === undefined ? {} : { [keys.restartDelayMs]: String(delayMs) }),
    },
  };
}
