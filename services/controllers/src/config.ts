import { hostname } from 'node:os';
import { readProviderSettings } from '@gantry/cloud-provider/settings.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import { type Env, type NumberRange, readOptions, withPrefix } from '@gantry/runtime/options.ts';
import { readRouteSettings, routeOptions } from './cloud/options.ts';
import { clusterAutoscalerOptions, readClusterAutoscalerSettings } from './clusterautoscaler/options.ts';
import { autoscalerOptions, readAutoscalerSettings } from './horizontalpodautoscaler/options.ts';
import { type ControllersConfig, defaultControllersConfig } from './service.ts';

const milliseconds: NumberRange = { min: 100, max: 3_600_000, whole: true };
const nodesPerSecond: NumberRange = { min: 0, max: 1_000 };
const share: NumberRange = { min: 0, max: 1 };
const count: NumberRange = { min: 0, max: 1_000_000, whole: true };

/** The settings by their flags, with the variables that stand for them. */
export const options = withPrefix(
  'GANTRY_CONTROLLERS_',
  [
    'identity',
    'diagnostics',
    'heartbeat-poll-ms',
    'silence-confirm-ms',
    'silence-recovery-ms',
    'node-eviction-rate',
    'secondary-node-eviction-rate',
    'unhealthy-zone-threshold',
    'large-cluster-size-threshold',
    'terminated-pod-gc-threshold',
    'prometheus',
    ...autoscalerOptions,
    ...clusterAutoscalerOptions,
    'cloud-controllers-config',
    'cloud-load-balancer-class',
    ...routeOptions,
  ],
  { 'configure-cloud-routes': 'switch' },
);

/** The address where it is one of HTTP, without credentials or a query. */
function httpAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, search, hash } = new URL(text);
  const isPlain = username === '' && password === '' && search === '' && hash === '';
  return (protocol === 'http:' || protocol === 'https:') && isPlain ? text : undefined;
}

/**
 * Settings from flags and from the environment, there beginning with GANTRY_CONTROLLERS_: identity (host name and process
 * where absent), diagnostics (address of /metrics, such as 127.0.0.1:8084), prometheus (asked by analyses of rollouts, such as http://prometheus:9090), heartbeat-poll-ms, silence-confirm-ms, silence-recovery-ms, and as kube-controller-manager's flags
 * node-eviction-rate, secondary-node-eviction-rate, unhealthy-zone-threshold, large-cluster-size-threshold, terminated-pod-gc-threshold, and those
 * of HorizontalPodAutoscalers: horizontal-pod-autoscaler-sync-period, -downscale-stabilization, -tolerance, -cpu-initialization-period and
 * -initial-readiness-delay. Where cloud-config names a file with a provider of nodes, nodes come and go: the flags are those of Kubernetes'
 * Cluster Autoscaler (clusterautoscaler/options.ts). Where cloud-controllers-config names a file like that with a cloud, nodes are kept in step
 * with its machines, and Services of cloud-load-balancer-class with its load balancers; with configure-cloud-routes also its routes with the
 * nodes' pod ranges (cloud/options.ts).
 * @throws GantryError (Invalid) naming the flag or variable and its value.
 */
export function readConfig(args: readonly string[], env: Env): ControllersConfig {
  const { heartbeatPollMs, silenceConfirmMs, silenceRecoveryMs, terminatedPodThreshold, evictions } =
    defaultControllersConfig;
  const given = readOptions(options, args, env);
  const diagnostics = given.parsed('diagnostics', (text) => parseAddress(text) && text, 'must be host:port');
  const prometheus = given.parsed('prometheus', httpAddress, 'must be a URL such as http://prometheus:9090');
  const cloudConfig = given.text('cloud-config');
  const clusterAutoscaler = readClusterAutoscalerSettings(given);
  const cloud = given.text('cloud-controllers-config');
  const loadBalancerClass = given.text('cloud-load-balancer-class');
  const routes = readRouteSettings(given);
  return {
    ...(diagnostics === undefined ? {} : { diagnostics }),
    ...(prometheus === undefined ? {} : { prometheus }),
    ...(cloudConfig === undefined
      ? {}
      : { clusterAutoscaler: { provider: readProviderSettings(cloudConfig), settings: clusterAutoscaler } }),
    ...(cloud === undefined ? {} : { cloud: { provider: readProviderSettings(cloud), loadBalancerClass, routes } }),
    identity: given.text('identity') ?? `${hostname()}-${process.pid}`,
    heartbeatPollMs: given.number('heartbeat-poll-ms', milliseconds, heartbeatPollMs),
    silenceConfirmMs: given.number('silence-confirm-ms', milliseconds, silenceConfirmMs),
    silenceRecoveryMs: given.number('silence-recovery-ms', milliseconds, silenceRecoveryMs),
    terminatedPodThreshold: given.number('terminated-pod-gc-threshold', count, terminatedPodThreshold),
    autoscaling: readAutoscalerSettings(given),
    evictions: {
      nodeEvictionRate: given.number('node-eviction-rate', nodesPerSecond, evictions.nodeEvictionRate),
      secondaryNodeEvictionRate: given.number(
        'secondary-node-eviction-rate',
        nodesPerSecond,
        evictions.secondaryNodeEvictionRate,
      ),
      unhealthyZoneThreshold: given.number('unhealthy-zone-threshold', share, evictions.unhealthyZoneThreshold),
      largeClusterSizeThreshold: given.number(
        'large-cluster-size-threshold',
        count,
        evictions.largeClusterSizeThreshold,
      ),
    },
  };
}
