// Generated from proto/ by `npm run generate`; not edited by hand.

import type { Condition, ObjectMeta } from './gantry.meta.v1.ts';

/** A new revision stands whole beside the old one, without requests but those to the preview Service, and then gets all requests at once. */
export interface BlueGreenStrategy {
  /** Name of a Service of the workload's pods whose requests go to the new revision while there is one. */
  previewService?: string;
  /** The new revision gets the requests by itself, after its analysis. True where absent; if false, somebody has to promote it. */
  autoPromotion?: boolean;
  /** Seconds for which the new revision stands complete before it is promoted by itself. 0 where absent. */
  autoPromotionSeconds?: number;
  /** An analysis that must succeed before the new revision gets the requests. It sees those to the preview Service. */
  prePromotionAnalysis?: RolloutAnalysis;
  /** An analysis of the new revision that has all requests already; where it fails, the old one has them back at once. */
  postPromotionAnalysis?: RolloutAnalysis;
}

/** How many pods the canary has; one of these. Neither: as many percent of the workload's replicas as it has of the requests, which is the rule until the first setCanaryScale. */
export interface CanaryScale {
  /** Pods. */
  replicas?: number;
  /** Percent of the workload's replicas, rounded up. */
  percent?: number;
}

/** One step; one of these. */
export interface CanaryStep {
  /** Percent of the requests that go to the canary from now on, 0 to 100. The step waits until enough of the canary's pods are available. */
  setWeight?: number;
  /** Waits. */
  pause?: RolloutPause;
  /** Sets how many pods the canary has; the step waits until they are available. */
  setCanaryScale?: CanaryScale;
  /** Measures, and goes on where enough of it was good. */
  analysis?: RolloutAnalysis;
}

/** A new revision gets a part of the requests, and more with each step. After the last step it gets all. */
export interface CanaryStrategy {
  /** The steps, in order; 64 at most. Without any, the new revision gets all requests as soon as all of its pods are available. */
  steps?: CanaryStep[];
  /** An analysis that goes on from the first request to the canary until the end of the rollout. Its count must be absent. */
  analysis?: RolloutAnalysis;
}

/** Good where the answers came fast enough. */
export interface LatencyCheck {
  /** Percent of the requests that must be as fast: 50, 90, 95 or 99. 99 where absent. */
  quantilePercent?: number;
  /** Most milliseconds that they may take. */
  maxMilliseconds: number;
  /** Requests below which a measurement is inconclusive. 1 where absent. */
  minRequests?: number;
  /** Seconds that a measurement looks back, 900 at most. The interval where absent. */
  windowSeconds?: number;
}

/** Good where the query's value is within the bounds. The controllers ask the Prometheus that they were configured with. */
export interface PrometheusCheck {
  /** A PromQL expression with one value. $(namespace), $(workload), $(canary) and $(stable) stand for the names of these. */
  query: string;
  /** Least value; none where absent. */
  min?: number;
  /** Most value; none where absent. */
  max?: number;
}

/** A policy for the changes of one workload: a new revision takes traffic by steps, and loses it where an analysis or the progress deadline fails. The workload keeps its own template; the policy says how a change of it comes into force. */
export interface Rollout {
  apiVersion: string;
  kind: 'Rollout';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The workload, and the way of its changes. */
  spec: RolloutSpec;
  /** Observed state: the revisions, and how far the newer one is. */
  status?: RolloutStatus;
}

/** Repeated measurements of the canary. All checks are measured at once; a measurement of a check is a success, a failure, or inconclusive: no answer, no number, or too few requests. */
export interface RolloutAnalysis {
  /** Seconds between measurements. 30 where absent. */
  intervalSeconds?: number;
  /** Seconds before the first measurement. The interval where absent. */
  initialDelaySeconds?: number;
  /** Good measurements of each check after which the analysis has succeeded. 1 where absent. */
  count?: number;
  /** Failures of one check that are forgiven; one more aborts the rollout. 0 where absent. */
  failureLimit?: number;
  /** Inconclusive measurements of one check in a row that are forgiven. 3 where absent. */
  inconclusiveLimit?: number;
  /** Consequence of one more inconclusive measurement: "Pause" (until somebody promotes or aborts the rollout) or "Abort". "Abort" where absent. */
  onInconclusive?: string;
  /** The checks, all of which must hold; 16 at most. */
  checks: RolloutCheck[];
}

/** Measurements of one analysis. */
export interface RolloutAnalysisStatus {
  /** When the analysis began. */
  startTime?: string;
  /** When the last measurement was taken. */
  lastTime?: string;
  /** Measurements that were taken. */
  measurements?: number;
  /** "Running", "Succeeded", "Failed" or "Inconclusive". */
  phase?: string;
  /** The checks. */
  checks?: RolloutCheckStatus[];
}

/** One thing that is measured; one of successRate, latency and prometheus. */
export interface RolloutCheck {
  /** Its name, unique within the analysis. */
  name: string;
  /** The part of the canary's requests that were answered well, as Envoy counts them. */
  successRate?: SuccessRateCheck;
  /** The time of the canary's answers, as Envoy measures it. */
  latency?: LatencyCheck;
  /** The answer of Prometheus to a query. */
  prometheus?: PrometheusCheck;
}

/** Measurements of one check. */
export interface RolloutCheckStatus {
  /** Name of the check. */
  name: string;
  /** Measurements that were good. */
  successful?: number;
  /** Measurements that were not. */
  failed?: number;
  /** Inconclusive measurements in a row, up to the last one. */
  inconclusive?: number;
  /** The last measurement in words, such as "98.2 % of 412 requests succeeded". */
  lastValue?: string;
}

/** A wait. */
export interface RolloutPause {
  /** Seconds. Until somebody promotes the rollout where absent. */
  durationSeconds?: number;
}

/** Something that is asked for by hand. Each request is carried out once. */
export interface RolloutRequest {
  /** "Promote" (ends the present pause or analysis; a step that waits for pods goes on waiting), "PromoteFull" (skips all steps and analyses, and waits only for the pods), "Abort" (the stable revision gets all requests) or "Retry" (starts an aborted revision anew). */
  action: string;
  /** Any text that no request before it had: it makes a request a new one. */
  id: string;
  /** The canary revision that is meant. While another one is on its way, the request does nothing. Any where empty. */
  revision?: string;
}

/** The workload, and the way of its changes. */
export interface RolloutSpec {
  /** The workload that the policy is for, in the same namespace. Of several policies for one workload the oldest counts. */
  workloadRef: RolloutWorkload;
  /** Names of the Services whose requests are split between the revisions. Those whose selector selects the workload's pods where empty, but for the preview Service. */
  services?: string[];
  /** How a new revision comes into force: one of canary and blueGreen. */
  strategy: RolloutStrategy;
  /** Seconds for which the canary may lack pods without getting one more of them, at any step; after it the rollout is aborted. 600 where absent. */
  progressDeadlineSeconds?: number;
  /** Seconds for which the pods of the former revision stay once it gets no more requests, so that a way back is short and requests under way end. 30 where absent. Deployments only: pods of other workloads are replaced one by one. */
  scaleDownDelaySeconds?: number;
  /** Something that is asked for by hand, once. */
  request?: RolloutRequest;
}

/** Observed state. Revisions are values of the label pod-template-hash (Deployment) or controller-revision-hash (StatefulSet, DaemonSet) of the pods. */
export interface RolloutStatus {
  /** The metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** "Initializing" (no revision was complete yet), "Healthy" (the workload's revision is the stable one), "Progressing", "Paused", "Promoting" (the canary has all requests and becomes the stable revision), "Degraded" (the canary was aborted) or "Ignored" (another policy is for the same workload, or there is no such workload). */
  phase?: string;
  /** Why, for people. */
  message?: string;
  /** The revision that gets all requests that the canary does not get. Empty until the workload was complete once: nothing is split then. */
  stableRevision?: string;
  /** The revision that is on its way, or was aborted; empty where the workload's own revision is the stable one. */
  canaryRevision?: string;
  /** Percent of the requests to the services that go to the canary's pods, all others go to those of the stable revision. Pods that are not ready get none: while the canary has no ready pod, the stable revision gets all requests. */
  canaryWeight?: number;
  /** Names of the Services whose requests are split. */
  services?: string[];
  /** Names of Services whose requests all go to the canary while it has a ready pod, and to the stable revision otherwise. */
  previewServices?: string[];
  /** Pods that the canary may have now. The workload's controller keeps to it, and keeps those of the stable revision. */
  canaryReplicas?: number;
  /** The canary's pods that are available. */
  canaryAvailableReplicas?: number;
  /** Index of the present step, from 0 on; as many as there are steps after the last one. */
  currentStep?: number;
  /** When the present step began, or, for one that waits for pods, when one more of them became available. */
  stepStartTime?: string;
  /** Fingerprint of the strategy that the steps are counted by: a rollout whose strategy changes begins anew. */
  strategyHash?: string;
  /** Measurements of the present step. */
  analysis?: RolloutAnalysisStatus;
  /** Measurements of the analysis that goes on through all steps. */
  backgroundAnalysis?: RolloutAnalysisStatus;
  /** The revision that was stable before; its pods stay until the delay is over. */
  drainingRevision?: string;
  /** When the pods of the former revision may go. */
  drainingUntil?: string;
  /** The id of the last request that was carried out. */
  handledRequest?: string;
  /** Conditions: Progressing. */
  conditions?: Condition[];
}

/** How a new revision comes into force; one of these. */
export interface RolloutStrategy {
  /** By steps, each with more of the requests. */
  canary?: CanaryStrategy;
  /** All requests at once, after the new revision stood beside the old one. Deployments only. */
  blueGreen?: BlueGreenStrategy;
}

/** A workload of the policy's namespace. */
export interface RolloutWorkload {
  /** "apps/v1". */
  apiVersion?: string;
  /** "Deployment", "StatefulSet" or "DaemonSet". */
  kind: string;
  /** Its name. */
  name: string;
}

/** Good where few enough of the requests failed: answers of class 5xx, and requests without an answer. */
export interface SuccessRateCheck {
  /** Least percent of the requests that must be answered well, such as 99.5. */
  minPercent: number;
  /** Requests below which a measurement is inconclusive. 1 where absent. */
  minRequests?: number;
  /** Seconds that a measurement looks back, 900 at most. The interval where absent. */
  windowSeconds?: number;
}
