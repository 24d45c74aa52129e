import type { Clock } from '@gantry/runtime/clock.ts';
import { adviceController } from './advice/advice.ts';
import { type AdviceSettings, defaultAdviceSettings } from './advice/settings.ts';
import { aggregationController } from './aggregation/aggregation.ts';
import { capacityBufferController } from './capacitybuffer/capacitybuffer.ts';
import { cloudServiceController } from './cloud/load-balancer.ts';
import { cloudNodeController } from './cloud/node.ts';
import { routeController } from './cloud/route.ts';
import type { RouteSettings } from './cloud/route-plan.ts';
import { clusterAutoscaler } from './clusterautoscaler/autoscaler.ts';
import type { ClusterAutoscalerSettings } from './clusterautoscaler/settings.ts';
import type { Controller } from './core/action.ts';
import { cronJobController } from './cronjob/cronjob.ts';
import { daemonSetController } from './daemonset/daemonset.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { staleTargetController } from './disruption/stale-target.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { endpointSliceController } from './endpointslice/endpointslice.ts';
import { endpointSliceMirroringController } from './endpointslicemirroring/endpointslicemirroring.ts';
import { garbageController } from './garbage/garbage.ts';
import { horizontalPodAutoscalerController } from './horizontalpodautoscaler/horizontalpodautoscaler.ts';
import { type AutoscalerSettings, defaultAutoscalerSettings } from './horizontalpodautoscaler/settings.ts';
import { idleController } from './idle/idle.ts';
import { jobController } from './job/job.ts';
import { jobTrackingController } from './job/tracking.ts';
import { namespaceController } from './namespace/namespace.ts';
import type { NodeMonitor } from './nodehealth/monitor.ts';
import { nodeHealthController } from './nodehealth/nodehealth.ts';
import { defaultTerminatedPodThreshold, podGarbageController } from './podgc/podgc.ts';
import { podGroupController } from './podgroup/podgroup.ts';
import { replicaSetController, replicationController } from './replicaset/replicaset.ts';
import { resourceQuotaController } from './resourcequota/resourcequota.ts';
import { restartController } from './restarts/restarts.ts';
import { rolloutController } from './rollout/rollout.ts';
import { serviceAccountController } from './serviceaccount/serviceaccount.ts';
import { statefulSetController } from './statefulset/statefulset.ts';
import { storageVersionController } from './storageversion/storageversion.ts';
import { ttlAfterFinishedController } from './ttlafterfinished/ttlafterfinished.ts';
import { claimProtectionController, volumeProtectionController } from './volumes/protection.ts';
import { volumeController } from './volumes/volumes.ts';

/** Zone of schedules that name none: this machine's. */
const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The objects of a cloud that are kept in step. */
export interface CloudSettings {
  /** Class of the Services whose load balancers are the cloud's; if absent, there are none. */
  readonly loadBalancerClass?: string | undefined;
  /** If absent, the cloud's routes are left alone. */
  readonly routes?: RouteSettings | undefined;
}

/** Settings of single controllers. */
export interface ControllerSettings {
  /** Pods that may have ended before the oldest are removed; all where it is 0. */
  readonly terminatedPodThreshold?: number;
  /** If absent, Kubernetes' own. */
  readonly autoscaling?: AutoscalerSettings;
  /** If absent, nobody adds or removes nodes. */
  readonly clusterAutoscaler?: { readonly settings: ClusterAutoscalerSettings } | undefined;
  /** Clouds' objects; if absent, nobody keeps nodes and Services in step with a cloud. */
  readonly cloud?: CloudSettings | undefined;
  /** Periods and bounds of advice on requests. */
  readonly advice?: AdviceSettings;
}

/** All controllers, made anew for each time that this process leads: some remember what they saw. */
export function allControllers(
  clock: Clock,
  monitor: NodeMonitor,
  {
    terminatedPodThreshold = defaultTerminatedPodThreshold,
    autoscaling = defaultAutoscalerSettings,
    clusterAutoscaler: nodes,
    cloud,
    advice = defaultAdviceSettings,
  }: ControllerSettings = {},
): readonly Controller[] {
  return [
    ...(nodes === undefined ? [] : [clusterAutoscaler(nodes.settings, clock)]),
    ...(cloud === undefined ? [] : [cloudNodeController(clock)]),
    ...(cloud?.loadBalancerClass === undefined ? [] : [cloudServiceController(clock, cloud.loadBalancerClass)]),
    ...(cloud?.routes === undefined ? [] : [routeController(clock, cloud.routes)]),
    replicaSetController(),
    replicationController(),
    deploymentController(clock),
    statefulSetController(),
    daemonSetController(clock),
    rolloutController(clock),
    horizontalPodAutoscalerController(clock, autoscaling),
    idleController(clock),
    cronJobController(localZone),
    ttlAfterFinishedController,
    restartController,
    endpointSliceController(),
    endpointSliceMirroringController,
    endpointsController(clock),
    garbageController,
    namespaceController(clock),
    storageVersionController(),
    serviceAccountController,
    aggregationController,
    disruptionController(clock),
    staleTargetController(clock),
    jobController(clock),
    jobTrackingController,
    resourceQuotaController,
    podGroupController,
    capacityBufferController,
    volumeController(clock),
    claimProtectionController,
    volumeProtectionController,
    nodeHealthController(monitor, clock),
    podGarbageController(clock, terminatedPodThreshold),
    adviceController(clock, advice),
  ];
}
