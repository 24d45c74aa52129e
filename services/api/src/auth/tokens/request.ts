import { builtIn } from '@gantry/model/built-in.ts';
import type { TokenRequest } from '@gantry/model/gen/gantry.authentication.v1.ts';
import { invalid, invalidValue } from '@gantry/model/validation/causes.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { conflict, GantryError, notFound } from '@gantry/runtime/errors.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { Store } from '@gantry/store/store.ts';
import type { RequestContext } from '../../core/context.ts';
import { infoOf, objectKey } from '../../core/keys.ts';
import type { AnyObject, ObjectCache } from '../../core/stored-object.ts';
import { type Authorize, attemptOn } from '../authorization.ts';
import { type Binding, boundPayload, tokenIssuer } from './claims.ts';
import type { TokenKeys } from './keys.ts';
import { checkNodeRequest } from './node-restriction.ts';
import { signToken } from './signer.ts';

/** Seconds of a token that asks for none, the fewest, and the most: Kubernetes' own bounds. */
const defaultSeconds = 3_600;
const minSeconds = 600;
const maxSeconds = 2 ** 32;
const requestKind = { kind: 'TokenRequest', group: 'authentication.k8s.io', plural: 'TokenRequest' };

export interface TokenRequestDeps {
  readonly store: Pick<Store, 'get'>;
  readonly cache: Pick<ObjectCache, 'decode'>;
  readonly authorize: Authorize;
  readonly keys: TokenKeys;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: { readonly uid: () => string };
}

/** The token subresource of service accounts. */
export class TokenRequests {
  readonly #deps: TokenRequestDeps;

  constructor(deps: TokenRequestDeps) {
    this.#deps = deps;
  }

  /** Makes a token of an account; a dry run makes none. Throws what is wrong with the request. */
  async create(
    context: RequestContext,
    account: { readonly namespace: string; readonly name: string },
    request: Partial<Pick<TokenRequest, 'metadata' | 'spec'>>,
    dryRun: boolean,
  ): Promise<TokenRequest> {
    const { authorize, clock, entropy } = this.#deps;
    authorize(context.user, attemptOn('create', 'serviceaccounts/token', account));
    const holder = await this.#get('ServiceAccount', account.namespace, account.name);
    const { audiences = [], expirationSeconds = defaultSeconds, boundObjectRef } = request.spec ?? {};
    checkRequest(account, request, expirationSeconds);
    const binding = await this.#binding(account, boundObjectRef);
    checkNodeRequest(context.user, account, boundObjectRef, binding?.object);
    const nowMs = clock.now();
    const wanted = {
      audiences: audiences.length === 0 ? [tokenIssuer] : audiences,
      seconds: expirationSeconds,
      id: entropy.uid(),
    };
    const { name, namespace = '', uid = '' } = holder.metadata;
    return {
      metadata: { name, namespace, uid, creationTimestamp: rfc3339(nowMs) },
      spec: {
        audiences: wanted.audiences,
        expirationSeconds,
        ...(boundObjectRef && { boundObjectRef: { ...boundObjectRef, uid: binding?.object.metadata.uid ?? '' } }),
      },
      status: {
        token: dryRun ? '' : await signToken(this.#deps.keys, boundPayload(holder, binding, wanted, nowMs)),
        expirationTimestamp: rfc3339((Math.floor(nowMs / 1_000) + expirationSeconds) * 1_000),
      },
    };
  }

  async #binding(
    account: { readonly namespace: string; readonly name: string },
    reference: NonNullable<TokenRequest['spec']>['boundObjectRef'],
  ): Promise<Binding | undefined> {
    if (reference === undefined) return undefined;
    const { kind = '', apiVersion = '', name = '', uid = '' } = reference;
    const isCore = apiVersion === 'v1' || apiVersion === '';
    if (!isCore || !(kind === 'Pod' || kind === 'Secret' || kind === 'Node')) {
      const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
      throw new GantryError('BadRequest', `cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
    }
    const object = await this.#get(kind, account.namespace, name);
    if (uid !== '' && uid !== object.metadata.uid) {
      const text = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
      throw conflict({ group: '', resource: kind, name }, text);
    }
    if (kind !== 'Pod') return { type: kind === 'Secret' ? 'secret' : 'node', object };
    if (object.spec?.serviceAccountName !== account.name) {
      throw new GantryError(
        'BadRequest',
        `cannot bind token for serviceaccount ${JSON.stringify(account.name)} to pod running with different serviceaccount name.`,
      );
    }
    return { type: 'pod', object, node: await this.#nodeOf(object) };
  }

  /** The node of a pod; undefined where it has none, or that is gone. */
  async #nodeOf({ spec }: AnyObject): Promise<AnyObject | undefined> {
    return spec?.nodeName ? this.#find('Node', '', String(spec.nodeName)) : undefined;
  }

  async #get(kind: string, namespace: string, name: string): Promise<AnyObject> {
    const object = await this.#find(kind, namespace, name);
    if (object === undefined) throw notFound(infoOf(builtIn.kindOf('', kind)!, name));
    return object;
  }

  async #find(kind: string, namespace: string, name: string): Promise<AnyObject | undefined> {
    // Such a text is no key of the store.
    if (!/^[a-z0-9][-a-z0-9.]{0,252}$/.test(name)) return undefined;
    const entry = await this.#deps.store.get(objectKey(builtIn.kindOf('', kind)!, namespace, name));
    return entry && this.#deps.cache.decode(entry).object;
  }
}

function checkRequest(
  account: { readonly namespace: string; readonly name: string },
  { metadata = {} }: Partial<Pick<TokenRequest, 'metadata'>>,
  seconds: number,
): void {
  const refuse = (name: string, field: string, value: unknown, problem: string): never => {
    throw invalid(requestKind, name, [invalidValue(field, value, problem)]);
  };
  const { name = '', namespace = '' } = metadata;
  if (name !== '' && name !== account.name) {
    refuse(account.name, 'metadata.name', name, 'must match the service account name if specified');
  }
  if (namespace !== '' && namespace !== account.namespace) {
    refuse(account.name, 'metadata.namespace', namespace, 'must match the service account namespace if specified');
  }
  const field = 'spec.expirationSeconds';
  if (seconds < minSeconds) refuse(name, field, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > maxSeconds) refuse(name, field, seconds, 'may not specify a duration larger than 2^32 seconds');
}
