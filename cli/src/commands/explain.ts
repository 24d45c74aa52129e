import { type Context, refusal } from '../context.ts';
import { formatExplanation } from '../output/explanation.ts';
import { formatYaml } from '../output/yaml.ts';
import { parseTarget } from '../targets.ts';

export interface ExplainFlags {
  readonly output: 'table' | 'json' | 'yaml';
}

/** Explains why a pod is, or is not, on a node. */
export async function explain(context: Context, args: readonly string[], flags: ExplainFlags): Promise<void> {
  const { kind, name } = parseTarget(args, 'Pod');
  if (kind !== 'Pod') throw refusal(`cannot explain a ${kind}: only pods are placed on nodes`);
  const { client, namespace, signal, output, clock } = context;
  const explanation = await client.placement.explainPod({ namespace, name }, { signal });
  // The long lists last.
  const { fitting, refusing, ...head } = explanation;
  const ordered = { ...head, fitting, refusing };
  if (flags.output === 'json') output.write(`${JSON.stringify(ordered, null, 4)}\n`);
  else if (flags.output === 'yaml') output.write(formatYaml(ordered));
  else output.write(formatExplanation(explanation, clock.now()));
}
