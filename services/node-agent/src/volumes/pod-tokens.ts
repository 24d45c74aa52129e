import type { Pod, ServiceAccountTokenProjection } from '@gantry/model/gen/gantry.core.v1.ts';
import { defaultServiceAccount } from '@gantry/model/kinds/serviceaccount/names.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { AgentApi } from '../api.ts';
import { podUid } from '../pods/spec.ts';

/** The part of a token's life after which it is renewed, and the longest time until then: the kubelet's. */
const renewalShare = 0.8;
const longestMs = 24 * 3_600_000;
/** Renewals of many pods are spread over this time. */
const jitterMs = 10_000;
/** A renewal that failed is tried again after this long. */
const retryMs = 10_000;
/** Milliseconds between looks for tokens that are to be renewed. */
const lookMs = 5_000;
/** Seconds of a token whose volume names none: Kubernetes' default. */
const defaultSeconds = 3_600;

interface Held {
  readonly token: string;
  /** By the monotonic clock. */
  readonly endsAtMs: number;
  renewAtMs: number;
}

/** Dependencies of the tokens. */
export interface PodTokenDeps {
  readonly api: Pick<AgentApi, 'requestToken'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

/** The tokens in the volumes of the node's pods, each bound to its pod. They are renewed when a volume asks for one that has got old. */
export class PodTokens {
  readonly #deps: PodTokenDeps;
  /** By pod's uid, then by what was asked for. */
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(deps: PodTokenDeps) {
    this.#deps = deps;
  }

  /** A token for a volume of a pod. An old one is given out while it lasts, if the api does not answer. */
  async tokenFor(
    pod: Pod,
    { audience = '', expirationSeconds: seconds = defaultSeconds }: ServiceAccountTokenProjection,
    signal: AbortSignal,
  ): Promise<string> {
    const { clock, log } = this.#deps;
    const name = `${seconds} ${audience}`;
    const known = this.#held.get(podUid(pod))?.get(name);
    if (known !== undefined && clock.monotonic() < known.renewAtMs) return known.token;
    try {
      const fresh = await this.#request(pod, audience, seconds, signal);
      const tokens = this.#held.get(podUid(pod)) ?? new Map<string, Held>();
      this.#held.set(podUid(pod), tokens.set(name, fresh));
      return fresh.token;
    } catch (error) {
      if (known === undefined || clock.monotonic() >= known.endsAtMs) throw error;
      known.renewAtMs = clock.monotonic() + retryMs;
      log.warn({ error, pod: pod.metadata.name }, 'the token of a pod could not be renewed yet');
      return known.token;
    }
  }

  /** Uids of pods with a token that is to be renewed now. */
  due(): string[] {
    const nowMs = this.#deps.clock.monotonic();
    return [...this.#held]
      .filter(([, tokens]) => tokens.values().some((one) => one.renewAtMs <= nowMs))
      .map(([uid]) => uid);
  }

  /** Forgets the tokens of a pod that is gone. */
  release(uid: string): void {
    this.#held.delete(uid);
  }

  async #request(pod: Pod, audience: string, seconds: number, signal: AbortSignal): Promise<Held> {
    const { api, clock, random } = this.#deps;
    const { namespace = '', name, uid = '' } = pod.metadata;
    const askedAtMs = clock.monotonic();
    const { status, spec } = await api.requestToken(
      { namespace, name: pod.spec.serviceAccountName || defaultServiceAccount },
      {
        ...(audience === '' ? {} : { audiences: [audience] }),
        expirationSeconds: seconds,
        boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid },
      },
      { signal },
    );
    const lifeMs = (spec.expirationSeconds ?? seconds) * 1_000;
    const waitMs = Math.min(lifeMs * renewalShare, longestMs) - random() * jitterMs;
    return { token: status.token, endsAtMs: askedAtMs + lifeMs, renewAtMs: askedAtMs + waitMs };
  }
}

/** Calls `renew` with the pods whose tokens or certificates have got old, until the signal fires. */
export async function renewTokens(
  tokens: Pick<PodTokens, 'due'>,
  clock: Pick<Clock, 'sleep'>,
  renew: (uid: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(lookMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    for (const uid of tokens.due()) renew(uid);
  }
}
