/** Rollouts that Kubernetes' controllers and Gantry's go through alike. */
import { rollingScenarios } from './rolling.ts';
import { scalingScenarios } from './scaling.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [...rollingScenarios, ...scalingScenarios];
