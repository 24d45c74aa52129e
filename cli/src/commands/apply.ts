import { isError } from '@gantry/runtime/errors.ts';
import { type Context, Exit, ExitCode, refusal } from '../context.ts';
import { readManifests } from '../manifests.ts';
import { objectLabel } from '../output/objects.ts';

export interface ApplyFlags {
  readonly filename: readonly string[];
  readonly recursive: boolean;
  readonly dryRun: boolean;
}

/**
 * Creates or changes objects to match manifests. A refused object does not stop the others; the command then ends with an
 * error.
 */
export async function apply(context: Context, flags: ApplyFlags): Promise<void> {
  const documents = await readManifests(flags.filename, flags.recursive, 'apply');
  const suffix = flags.dryRun ? ' (server dry run)' : '';
  let failed = 0;
  for (const { text, source } of documents) {
    try {
      const options = { defaultNamespace: context.namespace, dryRun: flags.dryRun, signal: context.signal };
      const { object, outcome } = await context.client.apply(text, options);
      context.output.write(`${objectLabel(object)} ${outcome}${suffix}\n`);
    } catch (error) {
      if (!isError(error) || ['ServiceUnavailable', 'Cancelled'].includes(error.reason)) throw error;
      failed++;
      context.output.note(`Error from server (${error.reason}): error when applying "${source}": ${error.message}\n`);
    }
  }
  if (failed === documents.length && failed > 1) throw refusal(`none of ${failed} objects was applied`);
  if (failed > 0) throw new Exit(ExitCode.failed);
}
