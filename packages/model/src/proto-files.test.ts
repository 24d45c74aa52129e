import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generatedFiles } from './proto-files.ts';

it('the checked-in declarations and comments are those of proto/ (else: npm run generate)', () => {
  for (const [name, text] of generatedFiles()) {
    expect(readFileSync(new URL(`gen/${name}`, import.meta.url), 'utf8')).toBe(text);
  }
});
