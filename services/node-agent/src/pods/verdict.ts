import type { PlannedContainer } from './spec.ts';
import type { PodView, ProbeVerdict } from './view.ts';

/** What probes say of a running container; before their first result, what Kubernetes assumes: a probe that exists has not succeeded. */
export function verdictOf(view: PodView, planned: PlannedContainer, containerId: string): ProbeVerdict {
  return view.verdict(containerId) ?? initialVerdict(planned);
}

function initialVerdict(planned: PlannedContainer): ProbeVerdict {
  const started = planned.spec.startupProbe === undefined;
  return { started, ready: started && planned.spec.readinessProbe === undefined };
}
