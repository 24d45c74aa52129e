/** Steps that are sent as HTTP has them, to kube-apiserver and to Gantry alike. */
import { type Answer, type Cause, type HttpRequest, type Json, patchTypes, type Step } from './request.ts';

/** Sends one request; the answer's body is parsed JSON. */
export type Send = (
  method: string,
  path: string,
  rest: { readonly body: unknown; readonly type: string; readonly headers: Readonly<Record<string, string>> },
) => Promise<{ readonly code: number; readonly body: Json; readonly warnings: readonly string[] }>;

/** Sends requests to the REST edge of a Gantry api in this process. */
export function toGantry({ restPort }: { readonly restPort: number | undefined }): Send {
  return async (method, path, { body, type, headers }) => {
    const text = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const options = { method, headers: { ...headers, 'content-type': type }, ...text };
    const response = await fetch(`http://127.0.0.1:${restPort}${path}`, options);
    const warnings = warningsIn(response.headers.get('warning') ?? '');
    const answer = { code: response.status, body: (await response.json()) as Json, warnings };
    await seen(restPort, method, path);
    return answer;
  };
}

/** Waits until a Gantry api goes by a configuration of admission: lists of its revision wait for the changes up to it. */
async function seen(port: number | undefined, method: string, path: string): Promise<void> {
  if (method === 'GET' || !path.startsWith('/apis/admissionregistration.k8s.io/')) return;
  const collection = `http://127.0.0.1:${port}${path.split('?')[0]!.split('/').slice(0, 5).join('/')}`;
  const { metadata } = (await (await fetch(collection)).json()) as { metadata: { resourceVersion: string } };
  await (await fetch(`${collection}?resourceVersion=${metadata.resourceVersion}`)).arrayBuffer();
}

/** Answers one request. */
export async function sendHttp(
  { method, path, body, type, accept, agent, warnings: withWarnings }: HttpRequest,
  send: Send,
): Promise<Answer> {
  const known: Readonly<Record<string, string>> = patchTypes;
  const headers = { 'user-agent': agent ?? 'differential/1.0', accept: accept ?? 'application/json' };
  const given = await send(method, path, { body, type: known[type ?? ''] ?? type ?? 'application/json', headers });
  return { ...answerOf(given), ...(withWarnings && given.warnings.length > 0 ? { warnings: given.warnings } : {}) };
}

/** The texts in Warning headers: `299 - "a \"b\"", 299 - "c"`. */
export function warningsIn(header: string): string[] {
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!.replaceAll(/\\(.)/g, '$1'));
}

/** The answer in a response. */
export function answerOf({ code, body }: { readonly code: number; readonly body: Json }): Answer {
  if (body.kind !== 'Status') return { code, object: body };
  if (body.status === 'Success') return { code };
  const {
    reason = '',
    message = '',
    details,
  } = body as {
    reason?: string;
    message?: string;
    details?: { causes?: Cause[] };
  };
  const causes = (details?.causes ?? []).map((cause) => ({
    reason: cause.reason ?? '',
    field: cause.field ?? '',
    message: cause.message ?? '',
  }));
  return { code, reason, message, ...(causes.length > 0 ? { causes } : {}) };
}

/** Paths of the objects that steps made, by the answers to them. */
export function madeOverHttp(steps: readonly Step[], answers: readonly Answer[]): string[] {
  return steps.flatMap(({ http }, index) => {
    if (http === undefined || !['POST', 'PUT', 'PATCH'].includes(http.method)) return [];
    const { name } = (answers[index]?.object?.metadata ?? {}) as { name?: string };
    if (name === undefined) return [];
    const [path] = http.path.split('?', 1) as [string];
    if (http.method === 'POST') return path.endsWith(`/${name}`) ? [] : [`${path}/${name}`];
    const end = path.indexOf(`/${name}/`);
    return [end < 0 ? path : path.slice(0, end + 1 + name.length)];
  });
}
