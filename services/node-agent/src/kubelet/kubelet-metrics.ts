import { kubernetesVersion } from '@gantry/model/kubernetes-version.ts';
import type { Family } from './exposition.ts';
import type { NodeReading } from './usage.ts';

/** The metrics of /metrics that dashboards of kubelets read, beside the agent's own. */
export function kubeletMetrics(nodeName: string, { pods }: NodeReading): Family[] {
  const running = pods.filter(({ containers }) => containers.length > 0).length;
  const containers = pods.reduce((sum, pod) => sum + pod.containers.length, 0);
  const gauge = (name: string, help: string, value: number, labels = {}): Family => {
    return { name, help, type: 'gauge', samples: [{ labels, value }] };
  };
  const { major, minor, gitVersion } = kubernetesVersion;
  return [
    gauge('kubelet_node_name', "[ALPHA] The node's name. The count is always 1.", 1, { node: nodeName }),
    gauge('kubelet_running_pods', '[ALPHA] Number of pods that have a running pod sandbox', running),
    gauge('kubelet_running_containers', '[ALPHA] Number of containers currently running', containers, {
      container_state: 'running',
    }),
    gauge(
      'kubernetes_build_info',
      "[ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      1,
      { major, minor, git_version: gitVersion },
    ),
  ];
}
