/** Keeps an Envoy running that takes its configuration from xds-lb. */
import { type BackoffPolicy, backoffMs, defaultBackoff } from '@gantry/runtime/backoff.ts';
import { type Clock, systemClock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { Running } from '@gantry/runtime/service.ts';
import { findEnvoy } from 'envoy-control-plane-ts/process/envoy-binary.ts';
import {
  describeExit,
  type EnvoyProcess,
  type EnvoyProcessOptions,
  spawnEnvoy,
} from 'envoy-control-plane-ts/process/envoy-process.ts';

/**
 * The Envoy binary: GANTRY_ENVOY, else the one that the set-up installed below the project's state folder, else one on
 * the PATH; undefined where there is none.
 * @param stateDir The project's folder for data and binaries, `.gantry`.
 */
export function findGantryEnvoy(stateDir: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return findEnvoy({ path: env.GANTRY_ENVOY, venvs: [`${stateDir}/venv`] });
}

export type StartEnvoyOptions = Omit<EnvoyProcessOptions, 'onLog'>;

export interface StartEnvoyDeps {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly backoff?: BackoffPolicy;
}

/** A supervised Envoy. */
export interface SupervisedEnvoy extends Running {
  /** Process id of the Envoy that runs now; undefined between two. */
  readonly pid: number | undefined;
  /** Number of times that it was started again. */
  readonly restarts: number;
  /** Resolves when the Envoy that runs now has its configuration and serves; rejects with the signal. */
  ready(signal: AbortSignal): Promise<void>;
}

/** An Envoy that ran this long was healthy: the next failure is a first one again. */
const healthyAfterMs = 60_000;

/** Starts Envoy, and starts it again whenever it ends, after a growing wait. */
export function startEnvoy(options: StartEnvoyOptions, deps: StartEnvoyDeps): SupervisedEnvoy {
  const { log, clock = systemClock, backoff = defaultBackoff } = deps;
  const stop = new AbortController();
  const spawn = (): EnvoyProcess =>
    spawnEnvoy({ ...options, onLog: (line) => log.info({ envoy: line }, 'Envoy says') });
  let current: EnvoyProcess | undefined = spawn();
  let restarts = 0;
  const supervise = async (): Promise<void> => {
    for (let failures = 1; current !== undefined; failures += 1) {
      const startedMs = clock.monotonic();
      const exit = await current.exited;
      current = undefined;
      if (stop.signal.aborted) return;
      if (clock.monotonic() - startedMs > healthyAfterMs) failures = 1;
      const waitMs = backoffMs(backoff, failures);
      log.warn({ exit: describeExit(exit), waitMs }, 'Envoy ended and will be started again');
      await clock.sleep(waitMs, stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      restarts += 1;
      current = spawn();
    }
  };
  const done = supervise();
  return {
    get pid() {
      return current?.pid;
    },
    get restarts() {
      return restarts;
    },
    done,
    ready: async (signal) => {
      while (current === undefined) await clock.sleep(backoff.initialMs, signal);
      await current.ready(signal);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort(new DOMException('Envoy was stopped', 'AbortError'));
      await current?.[Symbol.asyncDispose]();
      await done;
    },
  };
}
