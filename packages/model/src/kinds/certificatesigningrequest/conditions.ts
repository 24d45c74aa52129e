import { formatTimestamp } from '../../forms.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../gen/gantry.certificates.v1.ts';

/** Sets the times that a writer left out, in place; a condition that was there keeps the time of its last transition. */
export function setConditionTimes(
  conditions: CertificateSigningRequestCondition[],
  before: readonly CertificateSigningRequestCondition[],
  nowMs: number,
): void {
  const now = formatTimestamp(new Date(nowMs).toISOString(), 'time');
  for (const condition of conditions) {
    condition.lastUpdateTime ??= now;
    const known = before.find(({ type, status }) => type === condition.type && status === condition.status);
    condition.lastTransitionTime ??= known?.lastTransitionTime ?? now;
  }
}

/** Whether somebody has said so of a request, by the type of the condition. */
export function hasCondition({ status }: CertificateSigningRequest, type: 'Approved' | 'Denied' | 'Failed'): boolean {
  return status?.conditions?.some((one) => one.type === type) ?? false;
}
