import type { Secret } from '@gantry/model/gen/gantry.core.v1.ts';
import { createAuthority, issue, type KeyPair } from '@gantry/pki/authority.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { isError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import type { ResourceApi } from '../core/api.ts';
import { ownContext, type RequestContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';
import { aggregator, manager } from './aggregator.ts';

/** Name of the api in the certificate by which other servers know it; they take no other of the authority. */
export const frontProxyName = 'front-proxy-client';
/** The Secret with the authority, which all replicas of the api share. */
const secret = { namespace: 'kube-system', name: 'gantry-front-proxy-ca' } as const;
const hourMs = 3_600_000;
/** Validity of the api's certificate, and the time after which it gets another one. */
const lifetimeMs = 24 * hourMs;
const renewAfterMs = 12 * hourMs;
/** Milliseconds until another attempt. */
const retryMs = 5_000;

interface Deps {
  readonly clock: Clock;
  readonly log: Logger;
}

type Api = Pick<ResourceApi, 'get' | 'create'>;

/** The authority by which other servers know the api. */
export interface FrontProxyAuthority {
  /** Its certificate, in PEM; undefined until there is one. */
  readonly authority: string | undefined;
  /** Calls a listener when there is one, until the result is disposed of. */
  onAuthority(listener: () => void): Disposable;
}

/**
 * The certificate by which the api proves to other api servers that it may say who asks. Its authority is one of its own: nobody who
 * has a certificate of the cluster's authority can speak for others there.
 */
export class FrontProxy implements FrontProxyAuthority {
  readonly #deps: Deps;
  #authority: KeyPair | undefined;
  #identity: KeyPair | undefined;
  /** Milliseconds until the next certificate. */
  #nextMs = retryMs;
  readonly #listeners = new Set<() => void>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The certificate and its key; undefined until there is one. */
  get identity(): KeyPair | undefined {
    return this.#identity;
  }

  get authority(): string | undefined {
    return this.#authority?.cert;
  }

  onAuthority(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /**
   * Makes the authority where it is missing, and a certificate. Where that is not possible, as with an authority that is damaged in the
   * store, other servers alone go without: `run` tries again.
   */
  async prepare(api: Api, signal: AbortSignal): Promise<void> {
    await this.#renew(api, signal);
  }

  /** Renews the certificate, until the signal fires. */
  async run(api: Api, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    for (let waitMs = this.#nextMs; !signal.aborted; waitMs = this.#nextMs) {
      await clock.sleep(waitMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#renew(api, signal);
    }
  }

  async #renew(api: Api, signal: AbortSignal): Promise<void> {
    try {
      await this.#make(api, signal);
      this.#nextMs = renewAfterMs;
    } catch (error) {
      this.#deps.log.warn({ error }, 'the certificate for other api servers could not be made');
      this.#nextMs = retryMs;
    }
  }

  async #make(api: Api, signal: AbortSignal): Promise<void> {
    this.#authority ??= await this.#sharedAuthority(api, ownContext(aggregator, signal, manager));
    const subject = { commonName: frontProxyName, uses: ['client'], lifetimeMs } as const;
    this.#identity = await issue(this.#authority, subject, this.#deps.clock.now());
    for (const listener of this.#listeners) listener();
  }

  async #sharedAuthority(api: Api, context: RequestContext): Promise<KeyPair> {
    const { clock } = this.#deps;
    for (;;) {
      const stored = await api.get(context, { resource: 'secrets', ...secret }).catch((error: unknown) => {
        if (isError(error, 'NotFound')) return undefined;
        throw error;
      });
      if (stored !== undefined) return pairIn(stored as unknown as Secret);
      const made = await createAuthority('front-proxy-ca', clock.now());
      const object = secretOf(made) as unknown as AnyObject;
      const isMade = await api.create(context, object, false).then(
        () => true,
        (error: unknown) => {
          if (isError(error, 'AlreadyExists')) return false;
          throw error;
        },
      );
      if (isMade) return made;
    }
  }
}

function secretOf({ cert, key }: KeyPair): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...secret },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(cert), 'tls.key': base64(key) },
  };
}

function pairIn({ data = {} }: Secret): KeyPair {
  const text = (name: string): string => Buffer.from(data[name] ?? '', 'base64').toString();
  return { cert: text('tls.crt'), key: text('tls.key') };
}
