import type { OutgoingHttpHeaders } from 'node:http';
import type { User } from '../auth/user.ts';

/** The user as whom the api asks other servers and writes API services. */
export const aggregator: User = { name: 'system:kube-aggregator', groups: ['system:masters'] };
/** Owner of the fields that it writes, by Kubernetes' name. */
export const manager = 'kube-apiserver';

/** Headers by which servers learn who asks: they take them from who has the front proxy's certificate. */
export const requestHeaders = {
  user: 'X-Remote-User',
  uid: 'X-Remote-Uid',
  group: 'X-Remote-Group',
  extraPrefix: 'X-Remote-Extra-',
} as const;

/** Whether a header says who asks: a client's own is never passed on. */
export function isRequestHeader(name: string): boolean {
  const { user, uid, group, extraPrefix } = requestHeaders;
  const lower = name.toLowerCase();
  return [user, uid, group].some((each) => each.toLowerCase() === lower) || lower.startsWith(extraPrefix.toLowerCase());
}

/** The headers that say who asks. */
export function headersFor({ name, uid = '', groups, extra = {} }: User): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { [requestHeaders.user]: name };
  if (uid !== '') headers[requestHeaders.uid] = uid;
  if (groups.length > 0) headers[requestHeaders.group] = [...groups];
  for (const [key, values] of Object.entries(extra)) {
    headers[`${requestHeaders.extraPrefix}${escaped(key)}`] = [...values];
  }
  return headers;
}

/** A key as it may stand in the name of a header: other characters, and the percent sign, are encoded. */
function escaped(key: string): string {
  return [...Buffer.from(key)]
    .map((byte) => {
      const text = String.fromCharCode(byte);
      return /[!#$&'*+\-.^_`|~0-9A-Za-z]/.test(text) ? text : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
