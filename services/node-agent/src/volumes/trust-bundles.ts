import type { Reader } from '@gantry/client/api.ts';
import { watchSource } from '@gantry/client/change-source.ts';
import { Informer } from '@gantry/client/informer.ts';
import type { ClusterTrustBundle } from '@gantry/model/gen/gantry.certificates.v1.ts';
import type { ClusterTrustBundleProjection, Pod } from '@gantry/model/gen/gantry.core.v1.ts';
import { matchesLabels } from '@gantry/model/selectors.ts';
import { GantryError } from '@gantry/runtime/errors.ts';
import type { Logger } from '@gantry/runtime/log.ts';
import { contain } from '../contain.ts';
import { podUid } from '../pods/spec.ts';
import { withDeadline } from './deadline.ts';
import { certificatesIn } from './pem.ts';

/** The cluster's trust bundles, watched from the first pod that shows one on. */
export class TrustBundles implements AsyncDisposable {
  readonly #reader: Pick<Reader, 'list' | 'watch'>;
  readonly #log: Logger;
  readonly #onChange: (podUids: ReadonlySet<string>) => void;
  /** Uids of the pods that show bundles, or wait for one. */
  readonly #users = new Set<string>();
  #informer: Informer<ClusterTrustBundle> | undefined;

  /** @param onChange Called with the pods that show bundles when one has changed. */
  constructor(
    reader: Pick<Reader, 'list' | 'watch'>,
    options: { readonly log: Logger; readonly onChange: (podUids: ReadonlySet<string>) => void },
  ) {
    this.#reader = reader;
    this.#log = options.log;
    this.#onChange = options.onChange;
  }

  /**
   * The certificates that a projection chooses, each once, in PEM; empty where it is optional and chooses no bundle.
   * Rejects with Invalid where it is not optional, and with ServiceUnavailable if the api does not answer in time.
   */
  async anchorsFor(pod: Pod, projection: ClusterTrustBundleProjection, signal: AbortSignal): Promise<string> {
    this.#users.add(podUid(pod));
    const informer = this.#watch();
    await withDeadline(informer.hasSynced, 'trust bundles', signal);
    return anchorsOf([...informer.values()], projection);
  }

  /** Forgets a pod that is gone. */
  release(uid: string): void {
    this.#users.delete(uid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#informer?.[Symbol.asyncDispose]();
  }

  #watch(): Informer<ClusterTrustBundle> {
    if (this.#informer !== undefined) return this.#informer;
    const onError = (error: unknown): void => this.#log.warn({ error }, 'trust bundles cannot be watched');
    this.#informer = new Informer({ source: watchSource(this.#reader, 'ClusterTrustBundle'), onError });
    this.#informer.start().onChange(() => {
      if (this.#users.size > 0) contain(this.#log, 'the change of a trust bundle', () => this.#onChange(this.#users));
    });
    return this.#informer;
  }
}

/** The certificates, sorted by their text, so that files change only with the certificates. */
function anchorsOf(
  bundles: readonly ClusterTrustBundle[],
  { name, signerName, labelSelector, optional = false }: ClusterTrustBundleProjection,
): string {
  const chosen =
    name === undefined
      ? bundles.filter(
          ({ metadata, spec }) =>
            labelSelector !== undefined &&
            (spec.signerName ?? '') === signerName &&
            matchesLabels(labelSelector, metadata.labels ?? {}),
        )
      : bundles.filter(({ metadata }) => metadata.name === name);
  if (chosen.length === 0 && !optional) {
    const missing =
      name === undefined
        ? 'combination of signerName and labelSelector matched zero ClusterTrustBundles'
        : `while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io ${JSON.stringify(name)} not found`;
    throw new GantryError('Invalid', missing);
  }
  return [...new Set(chosen.flatMap(({ spec }) => certificatesIn(spec.trustBundle ?? '')))].sort().join('');
}
