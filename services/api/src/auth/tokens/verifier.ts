import { hash } from 'node:crypto';
import { builtIn } from '@gantry/model/built-in.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Change, Store } from '@gantry/store/store.ts';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { objectKey } from '../../core/keys.ts';
import type { AnyObject, ObjectCache } from '../../core/stored-object.ts';
import type { HubChange } from '../../watch/change.ts';
import type { ChangeObserver } from '../../watch/observers.ts';
import type { User } from '../user.ts';
import { boundClaims, secretTokenIssuer, tokenIssuer } from './claims.ts';
import { accountUser, boundUser, type NamedKind, type NamedObject, namedObjects, standsUntilMs } from './holder.ts';
import { signatureAlgorithm, type TokenKeys } from './keys.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Seconds by which clocks may differ: Kubernetes' leeway. */
const toleranceSeconds = 60;

/** A token that is good now. */
export interface VerifiedToken {
  readonly user: User;
  /** Recipients that it is meant for. */
  readonly audiences: readonly string[];
}

interface Checked extends VerifiedToken {
  /** Milliseconds of the wall clock until which it is good, as far as is known. */
  readonly untilMs: number;
}

interface Deps {
  readonly store: Pick<Store, 'get'>;
  readonly cache: Pick<ObjectCache, 'decode'>;
  readonly keys: TokenKeys;
  readonly clock: Clock;
}

/**
 * Verifies service accounts' tokens against their signature and the objects that they name. Results are kept for a few seconds, and
 * forgotten at once when one of those objects ends.
 */
export class ServiceAccountTokens implements ChangeObserver {
  readonly prefixes = [];
  readonly #deps: Deps;
  readonly #verified: VerifiedTokens<Checked>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#verified = new VerifiedTokens(deps.clock);
  }

  reset(): void {
    this.#verified.clear();
  }

  onEntry(): void {}

  onChange(change: Change, event: HubChange | undefined): void {
    if (!this.#verified.concerns(change.key)) return;
    const object = event?.object;
    // A Secret holds the token itself.
    const stands = object !== undefined && object.kind !== 'Secret' && object.metadata.deletionTimestamp === undefined;
    this.#verified.changed(change.key, stands ? object.metadata.uid : undefined);
  }

  /** The holder of a token; undefined where another issuer made it. Rejects with Unauthorized, saying what is wrong with it. */
  verify(token: string): VerifiedToken | Promise<VerifiedToken | undefined> {
    const digest = hash('sha256', token, 'base64');
    const known = this.#verified.get(digest);
    return known !== undefined && known.untilMs > this.#deps.clock.now() ? known : this.#verifyAnew(token, digest);
  }

  async #verifyAnew(token: string, digest: string): Promise<VerifiedToken | undefined> {
    const issuer = issuerOf(token);
    if (issuer !== tokenIssuer && issuer !== secretTokenIssuer) return undefined;
    const payload = await this.#payload(token, issuer);
    return issuer === tokenIssuer ? this.#bound(payload, digest) : this.#ofSecret(payload, token, digest);
  }

  async #payload(token: string, issuer: string): Promise<JWTPayload> {
    const { keys, clock } = this.#deps;
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid = '' }) => {
          const key = await keys.find(kid);
          if (key === undefined) throw refused('its key is not known');
          return key;
        },
        {
          issuer,
          algorithms: [signatureAlgorithm],
          currentDate: new Date(clock.now()),
          clockTolerance: toleranceSeconds,
          ...(issuer === tokenIssuer ? { requiredClaims: ['exp', 'sub', 'aud'] } : {}),
        },
      );
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw refused('service account token has expired');
      if (error instanceof errors.JOSEError) throw refused(error.message);
      throw error;
    }
  }

  async #bound(payload: JWTPayload, digest: string): Promise<VerifiedToken> {
    const claims = boundClaims(payload);
    if (claims === undefined) throw refused('its claims are not those of a service account');
    const { aud = [], exp = 0, jti } = payload;
    const user = boundUser(claims, jti);
    if (payload.sub !== user.name) throw refused('its subject is not its service account');
    const audiences = typeof aud === 'string' ? [aud] : aud;
    const named = namedObjects(claims);
    const untilMs = (exp + toleranceSeconds) * 1_000;
    return this.#keep({ user, audiences, untilMs }, named, digest, (objects) => this.#standing(named, objects));
  }

  async #ofSecret(payload: JWTPayload, token: string, digest: string): Promise<VerifiedToken> {
    const claim = (name: string): string => String(payload[`kubernetes.io/serviceaccount/${name}`] ?? '');
    const namespace = claim('namespace');
    const account = { name: claim('service-account.name'), uid: claim('service-account.uid') };
    const user = accountUser(namespace, account);
    if (payload.sub !== user.name) throw refused('its subject is not its service account');
    const named: NamedObject[] = [
      { kind: 'ServiceAccount', namespace, ...account },
      { kind: 'Secret', namespace, name: claim('secret.name'), uid: '' },
    ];
    const kept: Checked = { user, audiences: [tokenIssuer], untilMs: Number.POSITIVE_INFINITY };
    return this.#keep(kept, named, digest, ([found, secret]) => {
      const data = (secret?.data ?? {}) as Readonly<Record<string, string>>;
      const isSame = Buffer.from(data.token ?? '', 'base64').toString('utf8') === token;
      if (!isSame || secret!.metadata.deletionTimestamp !== undefined) throw refused('its secret holds it no more');
      return this.#standing(named.slice(0, 1), [found]);
    });
  }

  /** Checks the objects that a token names, and keeps the result unless one of them changed meanwhile. */
  async #keep(
    token: Checked,
    named: readonly NamedObject[],
    digest: string,
    check: (objects: readonly (AnyObject | undefined)[]) => number,
  ): Promise<VerifiedToken> {
    const references = named.map((one) => ({ key: keyOf(one), uid: one.uid }));
    const kept = this.#verified.begin(digest, references);
    try {
      const objects = await Promise.all(references.map(({ key }) => this.#read(key)));
      const result = { ...token, untilMs: Math.min(token.untilMs, check(objects)) };
      kept.finish(result);
      return result;
    } catch (error) {
      kept.abandon();
      throw error;
    }
  }

  #standing(named: readonly NamedObject[], objects: readonly (AnyObject | undefined)[]): number {
    const nowMs = this.#deps.clock.now();
    const ends = named.map((one, index) => {
      const untilMs = standsUntilMs(one, objects[index]);
      if (untilMs === undefined || untilMs < nowMs) throw refused(`its ${words[one.kind]} is gone`);
      return untilMs;
    });
    return Math.min(...ends);
  }

  async #read(key: string): Promise<AnyObject | undefined> {
    const entry = await this.#deps.store.get(key);
    return entry && this.#deps.cache.decode(entry).object;
  }
}

const words: Readonly<Record<NamedKind, string>> = {
  ServiceAccount: 'service account',
  Pod: 'pod',
  Secret: 'secret',
  Node: 'node',
};

/** Store key of an object that a token names; what cannot be a name is no key. */
function keyOf({ kind, namespace, name }: NamedObject): string {
  const isName = (text: string): boolean => /^[a-z0-9][-a-z0-9.]{0,252}$/.test(text);
  if (!isName(name) || (kind !== 'Node' && !isName(namespace))) throw refused('it names no object');
  return objectKey(kindOfName(kind), namespace, name);
}

function kindOfName(kind: NamedKind) {
  return builtIn.kindOf('', kind)!;
}

/** The issuer that a token claims to be of; undefined where it is no JWT. */
function issuerOf(token: string): string | undefined {
  if (token.split('.', 4).length !== 3) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function refused(problem: string): GantryError {
  return new GantryError('Unauthorized', `Unauthorized: invalid bearer token: ${problem}`);
}
