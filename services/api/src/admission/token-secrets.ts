/** Secrets that hold a service account's token, for programs outside of the cluster. */
import { builtIn } from '@gantry/model/built-in.ts';
import type { ServiceAccount } from '@gantry/model/gen/gantry.core.v1.ts';
import {
  serviceAccountNameAnnotation,
  serviceAccountTokenSecretType,
  serviceAccountUidAnnotation,
} from '@gantry/model/kinds/serviceaccount/names.ts';
import type { Operation, Store } from '@gantry/store/store.ts';
import { secretPayload } from '../auth/tokens/claims.ts';
import type { TokenKeys } from '../auth/tokens/keys.ts';
import { signToken } from '../auth/tokens/signer.ts';
import { keyPrefix } from '../core/keys.ts';
import { type AnyObject, Stored } from '../core/stored-object.ts';
import type { AdmissionPlugin } from './admission.ts';
import type { KindView } from './kind-view.ts';

/** Most Secrets that go in one commit with their account; the token in any other is dead, too, as its account is gone. */
const maxTogether = 256;
const maxPageChars = 1024 * 1024;
const secrets = builtIn.kindOf('', 'Secret')!;

/** Fills the Secrets of accounts that exist: with a token that is good for as long as both are there. */
export function tokenSecretAdmission(deps: {
  readonly accounts: Pick<KindView, 'find'>;
  readonly keys: TokenKeys;
  /** Certificate of the cluster's authority, in PEM. */
  readonly rootCertificate: string | undefined;
}): AdmissionPlugin {
  return {
    admit: async ({ object }) => {
      if (object?.type !== serviceAccountTokenSecretType || object.metadata.deletionTimestamp !== undefined) {
        return { object, operations: [] };
      }
      const { annotations = {}, namespace = '' } = object.metadata;
      const name = annotations[serviceAccountNameAnnotation] ?? '';
      const account = (await deps.accounts.find(namespace, name)) as unknown as ServiceAccount | undefined;
      const wantedUid = annotations[serviceAccountUidAnnotation];
      const isIts = account !== undefined && (!wantedUid || wantedUid === account.metadata.uid);
      return { object: isIts ? await filled(object, account) : object, operations: [] };
    },
  };

  async function filled(secret: AnyObject, account: ServiceAccount): Promise<AnyObject> {
    const { keys, rootCertificate } = deps;
    const { metadata } = secret;
    const data = { ...(secret.data as Readonly<Record<string, string>> | undefined) };
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const payload = secretPayload(account as unknown as AnyObject, metadata.name);
    data.token ??= base64(await signToken(keys, payload));
    data.namespace ??= base64(metadata.namespace ?? '');
    if (rootCertificate !== undefined) data['ca.crt'] ??= base64(rootCertificate);
    const annotations = { ...metadata.annotations, [serviceAccountUidAnnotation]: account.metadata.uid ?? '' };
    return { ...secret, metadata: { ...metadata, annotations }, data };
  }
}

/** Removes the Secrets with an account's tokens together with the account. */
export function accountAdmission(store: Pick<Store, 'list'>): AdmissionPlugin {
  return {
    admit: async ({ object, stored }) => ({
      object,
      operations: object === undefined ? await removals(store, stored!.object) : [],
    }),
  };
}

async function removals(store: Pick<Store, 'list'>, account: AnyObject): Promise<Operation[]> {
  const found: Operation[] = [];
  const prefix = keyPrefix(secrets, account.metadata.namespace ?? '');
  for (let after: string | undefined, more = true; more && found.length < maxTogether; ) {
    const page = await store.list({ prefix, after, maxChars: maxPageChars });
    for (const entry of page.entries) {
      if (!entry.value.includes(serviceAccountTokenSecretType)) continue;
      const secret = new Stored(entry);
      if (secret.damage === undefined && isOf(account, secret.object)) {
        found.push({ type: 'delete', key: entry.key, expected: entry.revision });
      }
    }
    after = page.entries.at(-1)?.key;
    ({ more } = page);
  }
  return found.slice(0, maxTogether);
}

/** A Secret that others still need, by a finalizer, is theirs to remove. */
function isOf(account: AnyObject, { type, metadata }: AnyObject): boolean {
  const { annotations = {}, finalizers = [] } = metadata;
  return (
    type === serviceAccountTokenSecretType &&
    finalizers.length === 0 &&
    annotations[serviceAccountNameAnnotation] === account.metadata.name &&
    annotations[serviceAccountUidAnnotation] === account.metadata.uid
  );
}
