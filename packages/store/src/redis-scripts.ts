import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A Lua script that runs in Redis as one indivisible step. */
export interface Script {
  readonly source: string;
  /** How Redis names a script that it has seen. */
  readonly sha1: string;
}

/** The scripts, each documented in its own file in lua/. */
export const scripts = {
  commit: load('commit'),
  page: load('page'),
  changes: load('changes'),
  position: load('position'),
  compact: load('compact'),
  recover: load('recover'),
  ephemeralPut: load('ephemeral-put'),
  ephemeralList: load('ephemeral-list'),
  leaseAcquire: load('lease-acquire'),
  leaseRelease: load('lease-release'),
} as const;

function load(name: string): Script {
  const source = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
