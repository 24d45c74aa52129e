import { run } from '@gantry/node-agent/host/commands.ts';

/** A port that a process listens on. */
export interface Listener {
  /** `address:port`. */
  readonly target: string;
  readonly address: string;
  readonly port: number;
  readonly pid: number;
}

/** Listeners in this network, or in that of a namespace. */
export async function listenersIn(namespacePath?: string, protocol: 'tcp' | 'udp' = 'tcp'): Promise<Listener[]> {
  const flags = protocol === 'tcp' ? '-Hltnp' : '-Hlunp';
  const [command = '', ...args] = [...(namespacePath ? ['nsenter', `--net=${namespacePath}`] : []), 'ss', flags];
  const lines = (await run(command, args)).split('\n');
  return lines.flatMap((line): Listener[] => {
    const [, , , target = ''] = line.split(/\s+/);
    const [, pid] = /pid=(\d+)/.exec(line) ?? [];
    const at = target.lastIndexOf(':');
    if (pid === undefined) return [];
    return [{ target, address: target.slice(0, at), port: Number(target.slice(at + 1)), pid: Number(pid) }];
  });
}
