import { type Context, Exit, ExitCode } from '../context.ts';
import { formatMove, formatPlan } from '../output/defrag-plan.ts';
import { formatYaml } from '../output/yaml.ts';

export interface DefragFlags {
  readonly execute: boolean;
  /** The scheduler's own setting where absent. */
  readonly maxMoves?: number;
  readonly output: 'table' | 'json' | 'yaml';
}

/** Shows which nodes can be freed by moving pods and, where it is asked to, moves them. */
export async function defrag(context: Context, flags: DefragFlags): Promise<void> {
  const { client, signal, output } = context;
  let failed = 0;
  for await (const { plan, move } of client.placement.defragment(flags, signal)) {
    if (plan) {
      if (flags.output === 'json') output.write(`${JSON.stringify(plan, null, 4)}\n`);
      else if (flags.output === 'yaml') output.write(formatYaml(plan));
      else output.write(formatPlan(plan));
      if (!flags.execute && plan.freed.length > 0) output.note('\nNothing was moved; --execute does it.\n');
    }
    if (move) {
      output.note(formatMove(move));
      if (move.state === 'failed') failed++;
    }
  }
  if (failed > 0) throw new Exit(ExitCode.failed, `${failed} of the nodes could not be freed`);
}
