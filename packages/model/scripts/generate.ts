/** Writes src/gen/: TypeScript types of every message in proto/. Run by `npm run generate`. */
import { writeFileSync } from 'node:fs';
import { kindHeads } from '../src/built-in.ts';
import { generateTypes } from '../src/typescript.ts';

for (const [packageName, text] of generateTypes(kindHeads())) {
  writeFileSync(new URL(`../src/gen/${packageName}.ts`, import.meta.url), text);
}
