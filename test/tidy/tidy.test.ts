import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cyclesIn, functionsOf } from './source.ts';

// The rules of the house that no linter knows: who may import whom, how long a file may grow, what must not be written down.

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');
const sources = tracked.filter(
  (path) => path.endsWith('.ts') && !path.includes('/gen/') && !path.startsWith('node_modules/'),
);

/** Sources that ship: no tests, no suites for several implementations, no benchmarks. */
const shipped = sources.filter((path) => !/\.test\.ts$|\/testing\/|\/contract[^/]*\.ts$|^(?:test|bench)\//.test(path));

/** A function past this does several things. */
const maxFunctionLines = 60;

/** "around 300 lines": a file past this holds more than one idea. */
const maxSourceLines = 400;
/** Tables of cases are long and simple. */
const maxTestLines = 700;

/** Workspaces that each layer may import; a layer below never knows those above. */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  'packages/runtime': [],
  'packages/fieldsets': [],
  'packages/envoy-control-plane-ts': [],
  'packages/model': ['runtime'],
  'packages/cel': ['runtime', 'model'],
  'packages/store': ['runtime'],
  'packages/pki': ['runtime'],
  'packages/events': ['runtime'],
  'packages/spdy': ['runtime'],
  'packages/client': ['runtime', 'model', 'events'],
  'packages/cloud-provider': ['runtime', 'model', 'client'],
  'services/api': ['runtime', 'model', 'cel', 'fieldsets', 'store', 'events', 'client', 'pki', 'spdy'],
  'services/scheduler': ['runtime', 'model', 'events', 'client'],
  'services/controllers': ['runtime', 'model', 'events', 'client', 'cloud-provider'],
  'services/node-agent': ['runtime', 'model', 'events', 'client', 'spdy', 'pki'],
  'services/xds-lb': ['runtime', 'model', 'events', 'client', 'envoy-control-plane-ts'],
};

interface Import {
  readonly from: string;
  readonly specifier: string;
}

function importsOf(path: string): Import[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^'\n]+)'/g)].map((match) => ({
    from: path,
    specifier: match[1]!,
  }));
}

function workspaceOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'packages' || parts[0] === 'services' ? `${parts[0]}/${parts[1]}` : parts[0]!;
}

describe('layering', () => {
  it('lets each workspace import only the layers below it', () => {
    const wrong = sources
      .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
      .flatMap(importsOf)
      .filter(({ from, specifier }) => {
        const allowed = allowedImports[workspaceOf(from)];
        const target = /^(?:@gantry\/)?([a-z-]+)/.exec(specifier)?.[1];
        const isOurs = specifier.startsWith('@gantry/') || specifier.startsWith('envoy-control-plane-ts');
        if (allowed === undefined || !isOurs || target === undefined) return false;
        return !allowed.includes(target) && !workspaceOf(from).endsWith(`/${target}`);
      });
    expect(wrong).toEqual([]);
  });

  it('keeps relative imports inside their workspace, and with their ending', () => {
    const wrong = sources
      .flatMap(importsOf)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(({ from, specifier }) => {
        const target = normalize(join(dirname(from), specifier));
        return workspaceOf(target) !== workspaceOf(from) || !/\.(ts|json|mjs)$/.test(specifier);
      });
    expect(wrong).toEqual([]);
  });
});

describe('gRPC servers', () => {
  it('are made in one place, which gives each of them health, reflection and a guard; xDS is no service of ours', () => {
    const places = sources
      .filter((path) => !/\.test\.ts$|\/testing\//.test(path))
      .filter((path) => /\bnew Server\(/.test(readFileSync(join(root, path), 'utf8')));
    expect(places.sort()).toEqual(['packages/client/src/serve.ts', 'services/xds-lb/src/service.ts']);
  });
});

describe('sizes', () => {
  it('keeps every file to one idea', () => {
    const long = sources
      .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length }))
      .filter(({ path, lines }) => lines > (/\.test\.ts$|\/testing\//.test(path) ? maxTestLines : maxSourceLines));
    expect(long).toEqual([]);
  });

  it('keeps every function to one task', () => {
    const long = shipped
      .flatMap((path) => functionsOf(path, readFileSync(join(root, path), 'utf8')))
      .filter(({ lines }) => lines > maxFunctionLines);
    expect(long).toEqual([]);
  });
});

describe('dependencies between files', () => {
  it('have no cycle, types included', () => {
    expect(cyclesIn(root, shipped)).toEqual([]);
  });

  it('leave no file that nothing imports', () => {
    const imported = new Set(
      sources.flatMap(importsOf).map(({ from, specifier }) => {
        const ours = /^@gantry\/([a-z-]+)\/(.+)$/.exec(specifier);
        if (ours) return ours[2];
        return specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier;
      }),
    );
    const started = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
    const orphans = shipped.filter((path) => {
      const inPackage = path.replace(/^(?:packages|services)\/[^/]+\/src\//, '');
      if (imported.has(path) || imported.has(inPackage) || path.endsWith('/main.ts')) return false;
      // Worker threads are named by URL, scripts by package.json and the set-up.
      return (
        !started.includes(`'./${path.split('/').at(-1)}'`) &&
        !/^(?:scripts\/|packages\/[^/]+\/scripts\/|vitest)/.test(path)
      );
    });
    expect(orphans).toEqual([]);
  });
});

describe('what is written down', () => {
  it('has no unfinished work and no skipped test', () => {
    const unfinished = new RegExp(
      ['not impl' + 'emented', 'TO' + 'DO', 'FIX' + 'ME', '\\.(sk' + 'ip|on' + 'ly)\\('].join('|'),
    );
    const wrong = sources.filter((path) => unfinished.test(readFileSync(join(root, path), 'utf8')));
    expect(wrong).toEqual([]);
  });

  it('has comments that begin with a noun or a verb, not with a relative clause', () => {
    const opening = /^\s*(?:\/\*\*|\*|\/\/) (?:What|Who|Whose|Whom|Where|Which) .*$/gm;
    const wrong = tracked
      .filter((path) => /\.(?:ts|proto)$/.test(path))
      .flatMap((path) =>
        (readFileSync(join(root, path), 'utf8').match(opening) ?? []).map((line) => `${path}: ${line}`),
      );
    expect(wrong).toEqual([]);
  });

  it('has every dependency pinned to one version', () => {
    const wrong = tracked
      .filter((path) => path.endsWith('package.json'))
      .flatMap((path) => {
        const manifest = JSON.parse(readFileSync(join(root, path), 'utf8')) as Record<string, Record<string, string>>;
        const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
        return Object.entries(all).map(([name, version]) => `${path}: ${name}@${version}`);
      })
      .filter((line) => !/@\d+\.\d+\.\d+$/.test(line));
    expect(wrong).toEqual([]);
  });
});
