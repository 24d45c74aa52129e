/**
 * Writes dist/: the package as others install it, in JavaScript with declarations, since Node strips no types below
 * node_modules. `npm publish dist` publishes it. Run by `npm run package` in this workspace.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

rmSync(path('../dist'), { recursive: true, force: true });
const compiler = path('../../../node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', path('../tsconfig.package.json')], { stdio: 'inherit' });

const { private: _, scripts: __, ...manifest } = JSON.parse(readFileSync(path('../package.json'), 'utf8'));
const published = {
  ...manifest,
  engines: { node: '>=20' },
  exports: { './*': { types: './*.d.ts', default: './*.js' } },
};
writeFileSync(path('../dist/package.json'), `${JSON.stringify(published, null, 2)}\n`);
copyFileSync(path('../README.md'), path('../dist/README.md'));
copyFileSync(path('../../../LICENSE'), path('../dist/LICENSE'));
