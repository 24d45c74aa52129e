/** Settings of autoscaling, which kube-controller-manager has as flags. */
export interface AutoscalerSettings {
  /** Milliseconds between two looks at an autoscaler. */
  readonly syncPeriodMs: number;
  /** Milliseconds for which the highest recommendation counts before replicas go, where an autoscaler says nothing else. */
  readonly downscaleStabilizationMs: number;
  /** Part of its target by which a metric may be off without any change, where an autoscaler says nothing else. */
  readonly tolerance: number;
  /** Milliseconds after a pod's start in which its use of CPU counts only once it is ready. */
  readonly cpuInitializationPeriodMs: number;
  /** Milliseconds after a pod's start in which a change to unready is part of its start. */
  readonly initialReadinessDelayMs: number;
}

/** Kubernetes' own. */
export const defaultAutoscalerSettings: AutoscalerSettings = {
  syncPeriodMs: 15_000,
  downscaleStabilizationMs: 300_000,
  tolerance: 0.1,
  cpuInitializationPeriodMs: 300_000,
  initialReadinessDelayMs: 30_000,
};

/** Parts of the target by which a metric may be off, in either direction, without any change. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

/** True where a ratio of the measured to the wanted is near enough to one. */
export function isWithin(ratio: number, { up, down }: Tolerances): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}
