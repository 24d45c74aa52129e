/** Writes src/syntax/gen/: lexer and parser of src/syntax/Cel.g4, by antlr-ng. Run by `npm run generate -w packages/cel`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const output = path('../src/syntax/gen/');
const tool = fileURLToPath(new URL('../cli/runner.js', import.meta.resolve('antlr-ng')));

execFileSync(
  process.execPath,
  [tool, '-Dlanguage=TypeScript', '--generate-listener', 'false', '-o', output, path('../src/syntax/Cel.g4')],
  { stdio: 'inherit' },
);
for (const name of readdirSync(output)) {
  if (!name.endsWith('.ts')) {
    rmSync(`${output}/${name}`);
    continue;
  }
  const text = readFileSync(`${output}/${name}`, 'utf8')
    .replace(/^\s*\/\/.*\n/gm, '')
    .replaceAll(/from "(\.\/\w+)\.js"/g, 'from "$1.ts"');
  writeFileSync(`${output}/${name}`, text);
}
