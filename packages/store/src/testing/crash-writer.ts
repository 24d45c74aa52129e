/**
 * Writes batches as fast as it can until it is killed, and prints the number of each acknowledged one on a line.
 * Arguments: the store's address, and a prefix for the keys. Batch n is crashBatch(prefix, n).
 */
import { writeSync } from 'node:fs';
import { openStore } from '../open.ts';
import { crashBatch } from './crash-batch.ts';

const [url = '', prefix = ''] = process.argv.slice(2);
const lanes = 16;

const store = await openStore(url);
let next = 0;
await Promise.all(Array.from({ length: lanes }, writeForever));

async function writeForever(): Promise<void> {
  for (;;) {
    next += 1;
    const number = next;
    const result = await store.commit(crashBatch(prefix, number));
    if (!result.ok) throw new Error(`batch ${number} was refused: ${JSON.stringify(result)}`);
    writeSync(1, `${number}\n`);
  }
}
