import type { HorizontalPodAutoscaler } from '../../gen/gantry.autoscaling.v2.ts';
import type { Kind } from '../../kind.ts';
import { nonNegative } from '../../validation/causes.ts';
import { autoscalingV1, dropRoundTripAnnotations } from './conversion.ts';
import { setAutoscalerDefaults } from './defaults.ts';
import { targetsText } from './targets.ts';
import { validateAutoscaler, validateAutoscalerUpdate, validateNewAutoscaler } from './validation.ts';

/** autoscaling/v2 HorizontalPodAutoscaler, also served as autoscaling/v1. */
export const horizontalPodAutoscaler: Kind<HorizontalPodAutoscaler> = {
  kind: 'HorizontalPodAutoscaler',
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  message: 'gantry.autoscaling.v2.HorizontalPodAutoscaler',
  objectField: 'horizontalPodAutoscaler',
  versions: [autoscalingV1],
  hasStatus: true,
  generation: 'spec',
  setDefaults: setAutoscalerDefaults,
  prepareForCreate: (object) => {
    delete object.status;
    dropRoundTripAnnotations(object.metadata);
  },
  prepareForUpdate: (object) => dropRoundTripAnnotations(object.metadata),
  validate: validateAutoscaler,
  validateCreate: validateNewAutoscaler,
  validateUpdate: validateAutoscalerUpdate,
  validateStatus: ({ status = {} }) => [
    ...(status.conditions ?? []).flatMap(({ observedGeneration }, index) =>
      nonNegative(`status.conditions[${index}].observedGeneration`, observedGeneration),
    ),
    ...nonNegative('status.currentReplicas', status.currentReplicas),
    ...nonNegative('status.desiredReplicas', status.desiredReplicas),
  ],
  selectableFields: {},
  columns: [
    { name: 'REFERENCE', cell: ({ spec }) => `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}` },
    { name: 'TARGETS', cell: targetsText },
    { name: 'MINPODS', cell: ({ spec }) => String(spec.minReplicas ?? '<unset>') },
    { name: 'MAXPODS', cell: ({ spec }) => String(spec.maxReplicas ?? 0) },
    { name: 'REPLICAS', cell: ({ status }) => String(status?.currentReplicas ?? 0) },
  ],
};
