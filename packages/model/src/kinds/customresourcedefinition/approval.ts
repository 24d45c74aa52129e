/** Approval of definitions whose groups belong to Kubernetes' community: an annotation says who approved the API. */

/** The annotation: a URL, or a reason that begins with "unapproved". */
const approvedAnnotation = 'api-approved.kubernetes.io';

/** Meaning of the annotation of a definition, with Kubernetes' words for it. */
export interface Approval {
  readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid';
  readonly message: string;
}

const protectedDomains = ['k8s.io', 'kubernetes.io'];
const proposal = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** True for a group that belongs to Kubernetes' community. */
export function isProtectedGroup(group: string): boolean {
  return protectedDomains.some((domain) => group === domain || group.endsWith(`.${domain}`));
}

/** The annotation of a definition; empty where it has none. */
export function approvalTextOf(annotations: Readonly<Record<string, string>> | undefined): string {
  return annotations?.[approvedAnnotation] ?? '';
}

/** Reads the text of the annotation. */
export function approvalOf(text: string): Approval {
  const group = `protected groups must have approval annotation "${approvedAnnotation}"`;
  if (text === '') return { state: 'missing', message: `${group}, ${proposal}` };
  if (text.startsWith('unapproved')) return { state: 'bypassed', message: `not approved: ${JSON.stringify(text)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+[^\s]*$/i.test(text))
    return { state: 'approved', message: `approved in ${text}` };
  return {
    state: 'invalid',
    message: `${group} with either a URL or a reason starting with "unapproved", ${proposal}`,
  };
}

/** Path of the annotation in messages. */
export const approvalField = `metadata.annotations[${approvedAnnotation}]`;
