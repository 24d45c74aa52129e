// Generated from proto/ by `npm run generate`; not edited by hand.

import type { LabelSelector, ObjectMeta } from './gantry.meta.v1.ts';

/** A resource that one container of each pod uses. */
export interface ContainerResourceMetricSource {
  /** The resource, such as "cpu". */
  name?: string;
  /** Its target: an averageValue, or an averageUtilization of the requests. */
  target: MetricTarget;
  /** The container. */
  container?: string;
}

/** A resource that one container of each pod uses, as last read. */
export interface ContainerResourceMetricStatus {
  /** The resource. */
  name?: string;
  /** Its value. */
  current: MetricValueStatus;
  /** The container. */
  container?: string;
}

/** Names an object in the same namespace by its kind. */
export interface CrossVersionObjectReference {
  /** Kind, such as "Deployment". */
  kind: string;
  /** Name. */
  name: string;
  /** Group and version, such as "apps/v1". */
  apiVersion?: string;
}

/** A metric of something outside of the cluster, such as the length of a queue. */
export interface ExternalMetricSource {
  /** The metric. */
  metric: MetricIdentifier;
  /** Its target: a value or an averageValue. */
  target: MetricTarget;
}

/** A metric of something outside of the cluster, as last read. */
export interface ExternalMetricStatus {
  /** The metric. */
  metric: MetricIdentifier;
  /** Its value. */
  current: MetricValueStatus;
}

/** A limit of the change in a period. */
export interface HPAScalingPolicy {
  /** Unit of value: "Pods" or "Percent" of the replicas. */
  type?: string;
  /** The change that is allowed; above 0. */
  value?: number;
  /** Length of the period; from 1 to 1800. */
  periodSeconds?: number;
}

/** Speed of changes in one direction. */
export interface HPAScalingRules {
  /** Seconds of the past whose recommendations are looked at, to avoid going back and forth; from 0 to 3600. */
  stabilizationWindowSeconds?: number;
  /** "Max" (default: the policy that allows the largest change counts), "Min" or "Disabled" (no change in this direction). */
  selectPolicy?: string;
  /** Limits of changes, at least one. */
  policies?: HPAScalingPolicy[];
  /** Part of the target by which a metric may be off without any change; the cluster's own, 10%, by default. */
  tolerance?: string;
}

/** Sets the replicas of a scalable object so that metrics come near their targets. */
export interface HorizontalPodAutoscaler {
  apiVersion: string;
  kind: 'HorizontalPodAutoscaler';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** Desired state: the object, its bounds and the targets. */
  spec: HorizontalPodAutoscalerSpec;
  /** Observed state. */
  status?: HorizontalPodAutoscalerStatus;
}

/** Speed of changes in either direction. */
export interface HorizontalPodAutoscalerBehavior {
  /** Towards more replicas: at most twice as many, or 4 more, in 15 s, and at once, by default. */
  scaleUp?: HPAScalingRules;
  /** Towards fewer replicas: down to minReplicas after 300 s in which no more were needed, by default. */
  scaleDown?: HPAScalingRules;
}

/** One observed aspect of an autoscaler. */
export interface HorizontalPodAutoscalerCondition {
  /** Type of the condition, such as "ScalingActive"; unique in the list. */
  type: string;
  /** "True", "False" or "Unknown". */
  status: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** One CamelCase word for why, such as "ValidMetricFound". */
  reason?: string;
  /** Why, for people. */
  message?: string;
  /** The metadata.generation that this was concluded from. */
  observedGeneration?: number;
}

/** Desired state: the object, its bounds and the targets. */
export interface HorizontalPodAutoscalerSpec {
  /** The object whose replicas are set; it has the scale subresource. */
  scaleTargetRef: CrossVersionObjectReference;
  /** Fewest replicas; 1 by default. 0 needs an Object or External metric. */
  minReplicas?: number;
  /** Most replicas; at least 1, and no fewer than minReplicas. */
  maxReplicas?: number;
  /** Targets, of which the one that asks for the most replicas counts; 80% of the requested CPU by default. */
  metrics?: MetricSpec[];
  /** Speed of changes in either direction. */
  behavior?: HorizontalPodAutoscalerBehavior;
}

/** Observed state. */
export interface HorizontalPodAutoscalerStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** When the replicas were last changed. */
  lastScaleTime?: string;
  /** Replicas as last seen. */
  currentReplicas?: number;
  /** Replicas as last computed. */
  desiredReplicas?: number;
  /** Metrics as last read, in the order of those of the spec. */
  currentMetrics?: MetricStatus[];
  /** Conditions: AbleToScale, ScalingActive, ScalingLimited. */
  conditions?: HorizontalPodAutoscalerCondition[];
}

/** Names a metric. */
export interface MetricIdentifier {
  /** Name. */
  name?: string;
  /** Labels that its source is asked for. */
  selector?: LabelSelector;
}

/** A metric with its target; the field of its type is set and no other. */
export interface MetricSpec {
  /** "Resource", "ContainerResource", "Pods", "Object" or "External". */
  type?: string;
  /** A metric of one object, such as the requests a second of an Ingress. */
  object?: ObjectMetricSource;
  /** A metric of each pod, averaged. */
  pods?: PodsMetricSource;
  /** A resource that all containers of a pod use together, such as "cpu". */
  resource?: ResourceMetricSource;
  /** A resource that one container of a pod uses. */
  containerResource?: ContainerResourceMetricSource;
  /** A metric of something outside of the cluster. */
  external?: ExternalMetricSource;
}

/** A metric as last read; the field of its type is set and no other. */
export interface MetricStatus {
  /** "Resource", "ContainerResource", "Pods", "Object" or "External". */
  type?: string;
  /** A metric of one object. */
  object?: ObjectMetricStatus;
  /** A metric of each pod, averaged. */
  pods?: PodsMetricStatus;
  /** A resource that all containers of a pod use together. */
  resource?: ResourceMetricStatus;
  /** A resource that one container of a pod uses. */
  containerResource?: ContainerResourceMetricStatus;
  /** A metric of something outside of the cluster. */
  external?: ExternalMetricStatus;
}

/** The target of a metric. */
export interface MetricTarget {
  /** "Utilization", "Value" or "AverageValue". */
  type?: string;
  /** Target of the metric itself. */
  value?: string;
  /** Target of the average over all pods. */
  averageValue?: string;
  /** Target of the average over all pods, in percent of what they request. */
  averageUtilization?: number;
}

/** The value of a metric. */
export interface MetricValueStatus {
  /** The metric itself. */
  value?: string;
  /** The average over all pods. */
  averageValue?: string;
  /** The average over all pods, in percent of what they request. */
  averageUtilization?: number;
}

/** A metric of one object. */
export interface ObjectMetricSource {
  /** The object. */
  describedObject: CrossVersionObjectReference;
  /** Its target: a value or an averageValue. */
  target: MetricTarget;
  /** The metric. */
  metric: MetricIdentifier;
}

/** A metric of one object, as last read. */
export interface ObjectMetricStatus {
  /** The metric. */
  metric: MetricIdentifier;
  /** Its value. */
  current: MetricValueStatus;
  /** The object. */
  describedObject: CrossVersionObjectReference;
}

/** A metric of each pod. */
export interface PodsMetricSource {
  /** The metric. */
  metric: MetricIdentifier;
  /** Its target: an averageValue. */
  target: MetricTarget;
}

/** A metric of each pod, as last read. */
export interface PodsMetricStatus {
  /** The metric. */
  metric: MetricIdentifier;
  /** Its value. */
  current: MetricValueStatus;
}

/** A resource that pods use. */
export interface ResourceMetricSource {
  /** The resource, such as "cpu". */
  name?: string;
  /** Its target: an averageValue, or an averageUtilization of the requests. */
  target: MetricTarget;
}

/** A resource that pods use, as last read. */
export interface ResourceMetricStatus {
  /** The resource. */
  name?: string;
  /** Its value. */
  current: MetricValueStatus;
}
