import type { LifecycleHandler, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import { httpGet, httpTargetOf } from '../probes/http.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PlannedContainer } from './spec.ts';

/** How long a hook may take where no grace period ends it sooner: as long as exec and HTTP hooks may hang, in milliseconds. */
const hookTimeoutMs = 600_000;

/** The container that a hook is run for. */
export interface HookTarget {
  readonly pod: Pod;
  readonly planned: PlannedContainer;
  readonly containerId: string;
  readonly podIps: readonly string[];
}

/** Runs lifecycle hooks. */
export interface HookRunner {
  /** Resolves once the hook succeeded; rejects where it did not. */
  run(hook: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void>;
}

export function hookRunner(deps: { readonly runtime: Runtime; readonly clock: Clock }): HookRunner {
  return {
    async run(hook, target, signal) {
      if (hook.exec !== undefined) {
        const command = hook.exec.command ?? [];
        const { exitCode, stderr } = await deps.runtime.streams.execSync(
          target.containerId,
          command,
          hookTimeoutMs,
          signal,
        );
        if (exitCode === 0) return;
        const output = stderr.toString('utf8').slice(0, 512);
        throw new GantryError(
          'FailedPrecondition',
          `command '${command.join(' ')}' exited with ${exitCode}: ${output}`,
        );
      }
      if (hook.httpGet !== undefined) {
        const request = httpTargetOf(hook.httpGet, target.planned.spec, target.podIps[0] ?? '127.0.0.1');
        const { statusCode } = await httpGet(request, hookTimeoutMs, signal);
        if (statusCode >= 400)
          throw new GantryError('FailedPrecondition', `HTTP hook failed with statuscode: ${statusCode}`);
        return;
      }
      if (hook.sleep !== undefined) return deps.clock.sleep((hook.sleep.seconds ?? 0) * 1_000, signal);
      throw new GantryError('Invalid', `invalid handler: ${Object.keys(hook).join(', ') || 'none'}`);
    },
  };
}
