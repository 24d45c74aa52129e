import { readFileSync } from 'node:fs';

/** Traffic of an interface since it was made. */
export interface InterfaceUsage {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txErrors: number;
}

/** Interfaces of the network that a process is in, without the loopback; undefined where the process is gone. */
export function interfacesOf(pid: number): InterfaceUsage[] | undefined {
  try {
    return parseInterfaces(readFileSync(`/proc/${pid}/net/dev`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** The interfaces in the text of /proc/net/dev: the 1st and 3rd column are received bytes and errors, the 9th and 11th those sent. */
export function parseInterfaces(text: string): InterfaceUsage[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', rest] = line.split(':');
      if (rest === undefined || name.trim() === 'lo') return [];
      const columns = rest.trim().split(/\s+/).map(Number);
      const [rxBytes = 0, rxErrors = 0, txBytes = 0, txErrors = 0] = [columns[0], columns[2], columns[8], columns[10]];
      return [{ name: name.trim(), rxBytes, rxErrors, txBytes, txErrors }];
    });
}
