import type { Credentials } from '@gantry/client/credentials.ts';
import { newTokenKey } from '@gantry/pki/token-keys.ts';
import type { CoreDeps } from '../../core/context.ts';
import type { ChangeObserver } from '../../watch/observers.ts';
import { clusterTokenHolder, type TokenAuthenticator } from '../bearer.ts';
import { bootstrapTokens } from './bootstrap.ts';
import type { ReadTokenKeys, TokenKeys } from './keys.ts';
import { TokenRequests } from './request.ts';
import { ServiceAccountTokens } from './verifier.ts';

/** All that an api has for tokens. */
export interface Tokens {
  readonly keys: TokenKeys;
  readonly requests: TokenRequests;
  /** Verifiers of tokens that stand on objects. */
  readonly authenticators: readonly TokenAuthenticator[];
  /** The same with the cluster's own token, for reviews. */
  readonly reviewers: readonly TokenAuthenticator[];
  /** Forgets verified tokens when what they stand on changes. */
  readonly observer: ChangeObserver;
}

export function tokensOf(core: CoreDeps, credentials: Credentials, keys: TokenKeys): Tokens {
  const accounts = new ServiceAccountTokens({ ...core, keys });
  const authenticators = [bootstrapTokens(core), (token: string) => accounts.verify(token)];
  return {
    keys,
    requests: new TokenRequests({ ...core, keys }),
    authenticators,
    reviewers: [clusterTokenHolder(credentials), ...authenticators],
    observer: accounts,
  };
}

/** A key that ends with this process, and its tokens with it. */
export function memoryKey(): ReadTokenKeys {
  let made: ReturnType<typeof newTokenKey> | undefined;
  return async () => {
    made ??= newTokenKey();
    return [await made];
  };
}
