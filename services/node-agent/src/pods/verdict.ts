import type { PlannedContainer } from './spec.ts';
import type { PodView, ProbeVerdict } from './view.ts';

/** The probes' verdict on a running container. Before the first result a probe that exists has not succeeded, as with Kubernetes. */
export function verdictOf(view: PodView, planned: PlannedContainer, containerId: string): ProbeVerdict {
  return view.verdict(containerId) ?? initialVerdict(planned);
}

function initialVerdict(planned: PlannedContainer): ProbeVerdict {
  const started = planned.spec.startupProbe === undefined;
  return { started, ready: started && planned.spec.readinessProbe === undefined };
}
