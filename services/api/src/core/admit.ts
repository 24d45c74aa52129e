import type { Kind } from '@gantry/model/kind.ts';
import type { Form } from '@gantry/model/registry.ts';
import { resourceOf } from '@gantry/model/registry.ts';
import { type Admittance, type Admitted, admitAsIs } from '../admission/admission.ts';
import type { AdmissionAttempt, AdmissionRequest, SharedBatch } from '../admission/chain.ts';
import type { CoreDeps, RequestContext } from './context.ts';
import type { AnyObject } from './stored-object.ts';

/** The request that admission sees. */
export function admissionRequest(context: RequestContext, subresource: string, dryRun: boolean): AdmissionRequest {
  const { user, fieldManager, named = {}, signal, warn, annotate = () => undefined } = context;
  return { user, fieldManager, named, subresource, dryRun, signal, warn, annotate };
}

/** An attempt at its start. Its operation follows from the objects where it is not given. */
export function attemptOf(
  request: AdmissionRequest,
  about: {
    readonly kind: Kind;
    readonly form: Form;
    readonly namespace: string | undefined;
    readonly name: string | undefined;
    readonly object: AnyObject | undefined;
    readonly stored: AnyObject | undefined;
    readonly options?: object | undefined;
    readonly operation?: AdmissionAttempt['operation'];
  },
): AdmissionAttempt {
  const { kind, form, namespace = '', name = '', object, stored, options } = about;
  const { operation = stored === undefined ? 'CREATE' : object === undefined ? 'DELETE' : 'UPDATE' } = about;
  return {
    ...{ request, operation, kind, form, namespace, name, object, stored, options },
    ...{ isReinvocation: false, wantsReinvocation: false },
  };
}

/** The admission plugin of a kind. */
export function pluginOf({ admission }: Pick<CoreDeps, 'admission'>, kind: Kind): typeof admitAsIs {
  return admission[resourceOf(kind)] ?? admitAsIs;
}

/** Decides on a write that was admitted; where that fails, the steps are told that the attempt is over. */
export async function decided<T>({ settle }: Admitted, decide: () => Promise<T>): Promise<T> {
  try {
    return await decide();
  } catch (error) {
    settle?.();
    throw error;
  }
}

/** Everything that is written together with an object, decided anew at each attempt of its commit. */
export async function admitWrite(
  deps: Pick<CoreDeps, 'admission' | 'chain'>,
  kind: Kind,
  admittance: Admittance,
  dryRun: boolean,
  batch?: SharedBatch,
): Promise<Admitted> {
  const admitted = await pluginOf(deps, kind).admit(admittance);
  const write = { ...admittance, object: admitted.object, kind, dryRun, batch };
  const parts = [admitted, ...(await deps.chain.accompany(write))];
  if (parts.length === 1) return admitted;
  return {
    object: admitted.object,
    operations: parts.flatMap(({ operations }) => operations),
    explain: (index) => {
      let offset = index;
      for (const { operations, explain } of parts) {
        if (offset < operations.length) return explain?.(offset);
        offset -= operations.length;
      }
      return undefined;
    },
    settle: (committed) => {
      for (const { settle } of parts) settle?.(committed);
    },
  };
}
