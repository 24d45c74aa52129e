import type { Client } from '@gantry/client/client.ts';
import type { Pod } from '@gantry/model/gen/gantry.core.v1.ts';

const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

/** The pods of an indexed Job from its beginning, as a watch tells of them. */
export class JobPods implements AsyncDisposable {
  /** Indexes that had two pods alive at once, with the names of both. */
  readonly doubled: string[] = [];
  readonly #pods = new Map<string, Pod>();
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();

  /** Follows the pods with the label `app` of this value; none of them exists yet. */
  static async follow(client: Client, app: string): Promise<JobPods> {
    const followed = new JobPods();
    const query = { namespace: 'default', labelSelector: `app=${app}` };
    const { resourceVersion } = await client.list('Pod', query);
    followed.#following = followed.#follow(client, query, resourceVersion);
    return followed;
  }

  /** Number of pods that succeeded, by index. */
  succeeded(): number[] {
    const counts: number[] = [];
    for (const pod of this.#pods.values()) {
      if (pod.status?.phase === 'Succeeded') counts[indexOf(pod)] = (counts[indexOf(pod)] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(client: Client, query: { namespace: string; labelSelector: string }, from: number): Promise<void> {
    const { signal } = this.#stop;
    let resourceVersion = from;
    // A watch ends with the api that serves it; the next one goes on from where it ended.
    while (!signal.aborted) {
      try {
        for await (const event of client.watch('Pod', { ...query, resourceVersion }, signal)) {
          resourceVersion = Number(
            event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion,
          );
          if (event.type !== 'BOOKMARK') this.#note(event.object);
        }
      } catch (error) {
        if (signal.aborted) return;
        await new Promise((resolve) => setTimeout(resolve, 100, error));
      }
    }
  }

  #note(pod: Pod): void {
    this.#pods.set(pod.metadata.uid!, pod);
    const alive = [...this.#pods.values()].filter((other) => indexOf(other) === indexOf(pod) && isAlive(other));
    if (alive.length > 1) this.doubled.push(alive.map(({ metadata }) => metadata.name).join(' '));
  }
}

function indexOf({ metadata }: Pod): number {
  return Number(metadata.annotations?.[indexAnnotation]);
}

function isAlive({ metadata, status }: Pod): boolean {
  const { phase } = status ?? {};
  return metadata.deletionTimestamp === undefined && phase !== 'Succeeded' && phase !== 'Failed';
}
