import type { Context } from '../context.ts';
import { podFor } from '../pods.ts';

export interface LogsFlags {
  readonly container?: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tail?: number;
  readonly sinceSeconds?: number;
}

/** Prints a container's logs. A workload stands for one of its pods. */
export async function logs(context: Context, args: readonly string[], flags: LogsFlags): Promise<void> {
  const pod = await podFor(context, args);
  const chunks = context.client.pods.logs(
    {
      ref: { namespace: context.namespace, pod, container: flags.container ?? '' },
      follow: flags.follow,
      previous: flags.previous,
      timestamps: flags.timestamps,
      ...(flags.tail === undefined ? {} : { tailLines: flags.tail }),
      ...(flags.sinceSeconds === undefined ? {} : { sinceSeconds: flags.sinceSeconds }),
    },
    context.signal,
  );
  for await (const chunk of chunks) process.stdout.write(chunk);
}
