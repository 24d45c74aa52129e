import { admissionRequest, attemptOf } from '../core/admit.ts';
import type { CoreDeps, RequestContext } from '../core/context.ts';
import type { AnyObject } from '../core/stored-object.ts';

/** Options of a connection as Kubernetes has them: the object that admission sees. */
export interface ConnectOptions {
  readonly kind: string;
  readonly apiVersion: 'v1';
  readonly [option: string]: unknown;
}

/** The options of a command, or of a connection to a container's own process. */
export function execOptions(
  method: 'exec' | 'attach',
  given: {
    readonly ref?: { readonly container?: string | undefined } | undefined;
    readonly command?: readonly string[] | undefined;
    readonly stdin?: boolean | undefined;
    readonly stdout?: boolean | undefined;
    readonly stderr?: boolean | undefined;
    readonly tty?: boolean | undefined;
  },
): ConnectOptions {
  const { stdin, stdout, stderr, tty, ref, command } = given;
  return {
    kind: method === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
    apiVersion: 'v1',
    ...(stdin ? { stdin } : {}),
    ...(stdout ? { stdout } : {}),
    ...(stderr ? { stderr } : {}),
    ...(tty ? { tty } : {}),
    ...(ref?.container ? { container: ref.container } : {}),
    ...(method === 'exec' ? { command: command ?? [] } : {}),
  };
}

/** The options of forwarded ports. */
export function forwardOptions(ports: readonly number[]): ConnectOptions {
  return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ...(ports.length > 0 ? { ports } : {}) };
}

/** Resources with a proxy, and the kinds of its options. */
const proxyKinds = { nodes: 'NodeProxyOptions', pods: 'PodProxyOptions', services: 'ServiceProxyOptions' } as const;
export type ProxiedResource = keyof typeof proxyKinds;

/** The options of a request through a proxy. */
export function proxyOptions(resource: ProxiedResource, path: string): ConnectOptions {
  return { kind: proxyKinds[resource], apiVersion: 'v1', ...(path === '' ? {} : { path }) };
}

/** Asks admission about a connection. @param resource With its subresource, such as pods/exec. */
export async function admitConnection(
  { kinds, chain }: Pick<CoreDeps, 'kinds' | 'chain'>,
  context: RequestContext,
  resource: `${ProxiedResource}/${string}`,
  about: { readonly namespace: string; readonly name: string; readonly options: ConnectOptions },
): Promise<void> {
  const [plural, subresource] = resource.split('/') as [string, string];
  const form = kinds.formOfResource(plural);
  const { namespace, name, options } = about;
  await chain.admit(
    attemptOf(admissionRequest(context, subresource, false), {
      ...{ kind: form.kind, form, namespace, name },
      object: options as unknown as AnyObject,
      stored: undefined,
      operation: 'CONNECT',
    }),
  );
}
