import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kindHeads } from './built-in.ts';
import { generateTypes } from './typescript.ts';

it('the checked-in types are those of proto/ (else: npm run generate)', () => {
  for (const [packageName, text] of generateTypes(kindHeads())) {
    expect(readFileSync(new URL(`gen/${packageName}.ts`, import.meta.url), 'utf8')).toBe(text);
  }
});
