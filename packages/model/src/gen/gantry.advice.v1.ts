// Generated from proto/ by `npm run generate`; not edited by hand.

import type { ObjectMeta } from './gantry.meta.v1.ts';

/** A workload. */
export interface AdvisedWorkload {
  /** Such as apps/v1. */
  apiVersion: string;
  /** Such as Deployment. */
  kind: string;
  /** Its name. */
  name: string;
}

/** Advice on one container of all pods of a workload. Each map has the entries cpu and memory, as far as they are known. */
export interface ContainerAdvice {
  /** Name of the container. */
  name: string;
  /** Requests that its pods have. */
  requests?: Record<string, string>;
  /** Limits that its pods have. */
  limits?: Record<string, string>;
  /** Use that half of the samples of cpu, and of the daily peaks of memory, do not exceed; newer ones count for more. */
  p50?: Record<string, string>;
  /** Use that 95 of 100 do not exceed. */
  p95?: Record<string, string>;
  /** The most that was seen, within 5 %. */
  peak?: Record<string, string>;
  /** Requests that it should have: the 90th percentile and a margin of 15 %. */
  target?: Record<string, string>;
  /** The least that requests should be; nearer to the target the longer it was watched. */
  lowerBound?: Record<string, string>;
  /** The most that requests should be; nearer to the target the longer it was watched. */
  upperBound?: Record<string, string>;
  /** HorizontalPodAutoscalers that set the number of pods by the use of a resource of this container, by resource: other requests change what they do. */
  autoscaledBy?: Record<string, string>;
  /** When it was seen first. */
  since?: string;
  /** Samples that were taken. */
  samples?: number;
  /** Times that it was killed for want of memory. */
  outOfMemory?: number;
  /** Distribution of its use of processors, for the next process that gathers samples: a time, the sum of all weights, and the share of each bucket, as text. */
  cpuHistory?: string;
  /** The same of the daily peaks of its memory. */
  memoryHistory?: string;
}

/** Advice on one workload, made by the controllers from what its pods use. It goes with its workload. Deleting it forgets what was used. */
export interface ResourceAdvice {
  apiVersion: string;
  kind: 'ResourceAdvice';
  /** Identity and labels. */
  metadata: ObjectMeta;
  /** The workload, in the same namespace. */
  workload: AdvisedWorkload;
  /** The advice, by container. */
  containers?: ContainerAdvice[];
  /** Pods of the workload that ran when this was written. */
  pods?: number;
  /** When this was written. What was used is kept in memory in between. */
  updatedAt?: string;
}
