import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect } from '@gantry/client/client.ts';
import { freePort } from '@gantry/events/testing/nats-server.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** An api in a process of its own. */
export interface Replica extends AsyncDisposable {
  readonly address: string;
  /** Ends it at once, whatever it is doing. */
  kill(): Promise<void>;
}

/** Starts an api that trusts its network; resolves when it serves. */
export async function startReplica(storeUrl: string, busUrl: string): Promise<Replica> {
  const address = `127.0.0.1:${await freePort()}`;
  const args = ['--store', storeUrl, '--bus', busUrl, '--listen', address];
  const env = { ...process.env, GANTRY_LOG_LEVEL: 'warn', GANTRY_API_TRUST_NETWORK: 'true' };
  const child: ChildProcess = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env,
  });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  using client = connect(address);
  await client.listHeartbeats();
  return { address, kill, [Symbol.asyncDispose]: kill };
}
