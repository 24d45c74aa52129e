import type { ReplicaSet } from '@gantry/model/gen/gantry.apps.v1.ts';
import type { ReplicationController } from '@gantry/model/gen/gantry.core.v1.ts';

/** A set of equal pods: a ReplicaSet, or the ReplicationController that was there before it. */
export type Replicas = ReplicaSet | ReplicationController;
