import type { Clock } from '@gantry/runtime/clock.ts';
import type { CriClient } from './client.ts';

/** How long a runtime may take to find its containers again after its start, and how often it is asked, in milliseconds. */
const recoveryMs = 60_000;
const recoveryPollMs = 100;

/** The runtime's name and version. containerd listens before it has found its containers again, and answers nothing else until then. */
export async function versionOf(
  client: Pick<CriClient, 'runtime'>,
  clock: Clock,
): Promise<{ runtimeName: string; runtimeVersion: string }> {
  for (const untilMs = clock.monotonic() + recoveryMs; ; ) {
    try {
      return await client.runtime('Version', {}, { timeoutMs: 5_000 });
    } catch (error) {
      const isRecovering = error instanceof Error && error.message.includes('server is not initialized yet');
      if (!isRecovering || clock.monotonic() >= untilMs) throw error;
      await clock.sleep(recoveryPollMs);
    }
  }
}
