import type { UserInfo } from '@gantry/model/gen/gantry.authentication.v1.ts';
import { virtualKinds } from '@gantry/model/virtual-kinds.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { rfc3339 } from '@gantry/runtime/time.ts';
import type { User } from '../../auth/user.ts';
import type { AnyObject } from '../../core/stored-object.ts';
import type { VirtualResource } from './virtual.ts';

/** Tells a client which user it is. */
export function selfSubjectReview(clock: Pick<Clock, 'now'>): VirtualResource {
  const kind = virtualKinds.kindOf('authentication.k8s.io', 'SelfSubjectReview')!;
  return {
    kind,
    answer: ({ user }, { apiVersion }) =>
      ({
        apiVersion,
        kind: kind.kind,
        metadata: { creationTimestamp: rfc3339(clock.now()) },
        status: { userInfo: userInfoOf(user) },
      }) as unknown as AnyObject,
  };
}

/** A user as reviews show it. */
export function userInfoOf({ name, uid, groups, extra }: User): UserInfo {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extra === undefined
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
}
