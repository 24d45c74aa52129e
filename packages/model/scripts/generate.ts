/** Writes src/gen/: the declarations of proto/ with their comments, and TypeScript types of every message. Run by `npm run generate`. */
import { writeFileSync } from 'node:fs';
import { kindHeads } from '../src/built-in.ts';
import { generatedFiles } from '../src/proto-files.ts';
import { generateTypes } from '../src/typescript.ts';

const write = (name: string, text: string): void => writeFileSync(new URL(`../src/gen/${name}`, import.meta.url), text);

for (const [name, text] of generatedFiles()) write(name, text);
// Types are made of what was just written.
for (const [packageName, text] of generateTypes(kindHeads())) write(`${packageName}.ts`, text);
