import type { AnyKind, ObjectName, Scale, ScaleChange } from '@gantry/client/api.ts';
import type { KubeObject } from '@gantry/model/kind.ts';
import { selectorText } from '@gantry/model/selector-text.ts';
import { conflict } from '@gantry/runtime/errors.ts';
import type { AnyObject } from '../core/action.ts';
import { infoOf } from './foreign.ts';
import type { TruthStore } from './store.ts';

/** The scale of an object that has its replicas, and its selector, where most have them; undefined where it has none. */
export function scaleIn(object: KubeObject): Scale | undefined {
  const { spec, status, metadata } = object as KubeObject & {
    readonly spec?: { readonly replicas?: number; readonly selector?: object };
    readonly status?: { readonly replicas?: number };
  };
  if (spec?.replicas === undefined) return undefined;
  const selector = selectorText(spec.selector ?? {});
  return { uid: metadata.uid!, replicas: spec.replicas, currentReplicas: status?.replicas ?? 0, selector };
}

/** Sets the replicas of an object as the api does. Throws Conflict where it is not as the change expects. */
export function setScaleIn(
  store: TruthStore,
  kind: AnyKind,
  name: ObjectName,
  { uid, expectedReplicas, replicas }: ScaleChange,
  by: string,
): Scale {
  const stored = store.get(kind, name) as AnyObject & { readonly spec?: object };
  const present = scaleIn(stored);
  const isOther = uid !== undefined && uid !== stored.metadata.uid;
  if (isOther || (expectedReplicas !== undefined && present?.replicas !== expectedReplicas)) {
    throw conflict(infoOf(kind, name.name), 'it is not as expected');
  }
  const next = { ...stored, spec: { ...stored.spec, replicas } } as AnyObject;
  return scaleIn(store.update(next, by))!;
}
