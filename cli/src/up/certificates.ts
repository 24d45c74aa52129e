/** Certificates of the parts of a cluster on this machine: one authority, made at the first start, and a folder a part. */
import { rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Credentials, certificateCredentials } from '@gantry/client/credentials.ts';
import { keepCertificates, loadAuthority, type Wanted } from '@gantry/pki/files.ts';
import { adminSubject, nodeSubject, type Reached, serviceSubject, thisMachine } from '@gantry/pki/subject.ts';
import { parseAddress } from '@gantry/runtime/address.ts';
import { type CertificateSource, followCertificates, pathsIn } from '@gantry/runtime/certificates.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { certificatesDir } from '../known-clusters.ts';
import { nodeNames } from './node-agents.ts';
import type { UpOptions } from './options.ts';

/** The parts that have a certificate of their own, beside the nodes' agents. */
const services = ['api', 'scheduler', 'controllers', 'xdsLb', 'nats'] as const;

/** Certificates that are renewed while the cluster runs. */
export interface ClusterCertificates extends AsyncDisposable {
  /**
   * Folder of a part's certificate, for its process.
   * @param part A service, `admin`, or a node's name.
   */
  folderOf(part: string): string;
  /** The certificate of a part. */
  sourceOf(part: string): CertificateSource;
  /**
   * Proof of a part's name.
   * @param token Secret that callers may present instead.
   */
  credentialsOf(part: string, token?: () => string): Credentials;
  /** Issues the certificate of a node that comes while the cluster runs, and keeps it. */
  addNode(name: string): Promise<void>;
  /** Removes the certificate of a node that was added; one that is not there is no error. */
  removeNode(name: string): Promise<void>;
  /** Calls back with the names of parts whose certificate was renewed. */
  onRenewed(listener: (parts: readonly string[]) => unknown): void;
}

/** Names of the api inside of a cluster, as Kubernetes has them. */
const apiNames = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
/** Address of the service `kubernetes`: the first of the range of services. */
const apiServiceIp = '10.96.0.1';

/**
 * Issues what is missing, and renews the rest in time.
 * @param api host:port of the api.
 */
export async function openCertificates(
  { stateDir, nodes }: Pick<UpOptions, 'stateDir' | 'nodes'>,
  api: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<ClusterCertificates> {
  const root = certificatesDir(stateDir);
  const folderOf = (part: string): string => join(root, part);
  const authority = await loadAuthority(root, clock.now());
  const wanted: Wanted = Object.fromEntries([
    ...services.map((name) => [
      folderOf(name),
      serviceSubject(name, name === 'api' ? reachedAt(parseAddress(api).host) : undefined),
    ]),
    ...nodeNames(nodes).map((name) => [folderOf(name), nodeSubject(name, thisMachine.ips)]),
    [folderOf('admin'), adminSubject],
  ]);
  const listeners: ((parts: readonly string[]) => unknown)[] = [];
  await using stack = new AsyncDisposableStack();
  const keep = (parts: Wanted): Promise<AsyncDisposable> =>
    keepCertificates(parts, authority, {
      clock,
      onRenewed: (folders) => {
        const parts = folders.map((folder) => folder.slice(root.length + 1));
        log.info({ parts }, 'certificates were renewed');
        for (const listener of listeners) listener(parts);
      },
      onError: (error) => log.error({ error }, 'certificates could not be renewed and will be tried again'),
    });
  stack.use(await keep(wanted));
  const added = new Map<string, AsyncDisposable>();
  const sources = new Map<string, CertificateSource>();
  const sourceOf = (part: string): CertificateSource => {
    const source = sources.get(part) ?? followCertificates(pathsIn(folderOf(part)));
    sources.set(part, source);
    return source;
  };
  const owned = stack.move();
  return {
    folderOf,
    sourceOf,
    credentialsOf: (part, token) => certificateCredentials(sourceOf(part), token),
    addNode: async (name) => {
      const subject = nodeSubject(name, thisMachine.ips);
      if (!added.has(name)) added.set(name, await keep({ [folderOf(name)]: subject }));
    },
    removeNode: async (name) => {
      sources.get(name)?.[Symbol.dispose]();
      sources.delete(name);
      await added.get(name)?.[Symbol.asyncDispose]();
      added.delete(name);
      await rm(folderOf(name), { recursive: true, force: true });
    },
    onRenewed: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: async () => {
      for (const source of sources.values()) source[Symbol.dispose]();
      for (const each of added.values()) await each[Symbol.asyncDispose]();
      await owned.disposeAsync();
    },
  };
}

/** Names and addresses of an api that listens on a host. */
function reachedAt(host: string): Reached {
  const dns = [...thisMachine.dns, ...apiNames];
  const ips = [...thisMachine.ips, apiServiceIp];
  if (['127.0.0.1', '0.0.0.0', '::', 'localhost'].includes(host)) return { dns, ips };
  return isIP(host) === 0 ? { dns: [...dns, host], ips } : { dns, ips: [...ips, host] };
}
