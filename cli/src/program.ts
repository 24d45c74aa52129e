import { connect, defaultApiAddress } from '@gantry/client/client.ts';
import { parseFlagDurationMs } from '@gantry/model/duration.ts';
import { systemClock } from '@gantry/runtime/clock.ts';
import type { Termination } from '@gantry/runtime/service.ts';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context, GlobalFlags, Output } from './context.ts';
import { findCredentials } from './known-clusters.ts';
import { type NodeGroupSpec, nodeGroupHelp, parseNodeGroup } from './node-groups/spec.ts';
import { outputFormats } from './output/objects.ts';
import { explainUnreachable } from './unreachable.ts';

const output: Output = {
  write: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
};

/**
 * The gantry command line: options and commands. The module of a command is loaded when the command runs, because each
 * brings libraries that the others start faster without.
 */
export function createProgram(termination: Termination): Command {
  const { signal } = termination;
  const program = new Command('gantry')
    .description('Runs containers on a cluster of machines.')
    .option('-s, --server <host:port>', "the api's address", process.env.GANTRY_SERVER ?? defaultApiAddress)
    .option(
      '--token-file <path>',
      "file with the cluster's token; by default, the certificate of the cluster that you run at this address is used",
    )
    .option('-n, --namespace <name>', 'namespace for names without one', process.env.GANTRY_NAMESPACE ?? 'default')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();

  /** Runs a command with a client, which is closed when it ends. */
  const withClient = async (run: (context: Context) => Promise<void>): Promise<void> => {
    const { server, namespace, tokenFile } = program.opts<GlobalFlags>();
    const credentials = findCredentials(server, tokenFile);
    using client = connect(server, { whenAway: 'fail', manager: 'gantry', credentials });
    try {
      await run({ client, namespace, output, clock: systemClock, signal });
    } catch (error) {
      throw explainUnreachable(error, server);
    }
  };
  addReadCommands(program, withClient);
  addWriteCommands(program, withClient);
  addPodCommands(program, withClient);
  addRolloutCommands(program, withClient);
  addUserCommands(program, withClient);
  program
    .command('status')
    .description("summarize the cluster's state")
    .action(() =>
      withClient(async (context) =>
        (await import('./commands/status.ts')).status(context, program.opts<GlobalFlags>().server),
      ),
    );
  clusterCommand(program, 'up', '.gantry')
    .description('run a whole cluster on this machine: every service in one process')
    .action(async (flags) => {
      const { up } = await import('./commands/up.ts');
      await up(flags, output, termination);
    });
  clusterCommand(program, 'distributed', '.gantry/distributed')
    .description('run a whole cluster on this machine: every service a process of its own, with Redis and NATS')
    .action(async (flags) => {
      const { distributed } = await import('./commands/distributed.ts');
      await distributed(flags, output, termination);
    });
  addCertsCommand(program, signal);
  return program;
}

function addCertsCommand(program: Command, signal: AbortSignal): void {
  program
    .command('certs <folder>')
    .description("issue the certificates of a cluster's services, of nodes and of the administrator, a folder each")
    .option('--authority <folder>', "folder of the authority's certificate and key, made where there is none")
    .option('--host <name>', 'further name or address of the services; may be repeated', collect, [])
    .option('--node <name>', 'node whose agent gets a certificate; may be repeated', collect, [])
    .option('--keep', 'go on, and renew each at two thirds of its life', false)
    .action(async (folder, flags) => (await import('./commands/certs.ts')).certs(folder, flags, output, signal));
}

/** Collects the values of an option that may be repeated. */
function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function clusterCommand(program: Command, name: string, stateDir: string): Command {
  return program
    .command(name)
    .option('--nodes <count>', 'nodes to run', wholeNumber, 1)
    .option('--state-dir <folder>', 'folder of all state', stateDir)
    .option('--listen <host:port>', "the api's address", defaultApiAddress)
    .addOption(
      new Option('--driver <name>', 'container driver; auto uses containerd if possible')
        .choices(['auto', 'cri', 'process'])
        .default('auto'),
    )
    .option('--node-group <group>', nodeGroupHelp, nodeGroup, [])
    .option('--sample', 'deploy the sample application', false);
}

/** Reads one more node group. */
function nodeGroup(text: string, before: readonly NodeGroupSpec[]): readonly NodeGroupSpec[] {
  try {
    return [...before, parseNodeGroup(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

type WithClient = (run: (context: Context) => Promise<void>) => Promise<void>;

const files = new Option('-f, --filename <path>', 'file, folder, or - for standard input; may be repeated').argParser(
  (value: string, before: string[] | undefined) => [...(before ?? []), value],
);
const selector = new Option('-l, --selector <labels>', 'only objects with these labels, such as app=web,tier!=db');

function addReadCommands(program: Command, withClient: WithClient): void {
  program
    .command('get <what...>')
    .description('print objects: pods, pod NAME, deploy/NAME, pods,services, all')
    .addOption(new Option('-o, --output <format>', 'how to print').choices([...outputFormats]).default('table'))
    .option('-A, --all-namespaces', 'in all namespaces', false)
    .addOption(selector)
    .option('--field-selector <fields>', 'only objects with these fields, such as spec.nodeName=node-1')
    .option('-w, --watch', 'then print changes until interrupted', false)
    .option('--no-headers', 'omit the column headings')
    .action((what, flags) =>
      withClient(async (context) =>
        (await import('./commands/get.ts')).get(context, what, { ...flags, noHeaders: !flags.headers }),
      ),
    );
  program
    .command('describe <what...>')
    .description('show all fields of objects, and their events')
    .addOption(selector)
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/describe.ts')).describe(context, what, flags)),
    );
  program
    .command('explain <what...>')
    .description('explain why a pod is, or is not, on a node: explain pod NAME')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/explain.ts')).explain(context, what, flags)),
    );
  addTopCommand(program, withClient);
}

function addTopCommand(program: Command, withClient: WithClient): void {
  program
    .command('top [what...]')
    .description(
      'show requests, successes and latencies of services, or usage of pods or nodes: top services, top pods, top node NAME',
    )
    .option('-A, --all-namespaces', 'in all namespaces', false)
    .addOption(selector)
    .addOption(new Option('--sort-by <what>', 'the largest usage first').choices(['cpu', 'memory']))
    .option('--containers', 'usage of each container of pods', false)
    .option('--window <seconds>', 'seconds to look back', wholeNumber, 60)
    .option('--by-route', 'by route in place of revision', false)
    .option('-w, --watch', 'again every five seconds until interrupted', false)
    .option(
      '--advice',
      'requests that workloads should have, by what they were seen to use: top --advice deployment/web',
      false,
    )
    .addOption(
      new Option(
        '--apply <where>',
        'follow the advice on the named workloads: resize their pods in place, or change their templates, which rolls them out',
      ).choices(['pods', 'template']),
    )
    .option('--autoscaled', 'follow advice on resources that an autoscaler goes by, too', false)
    .option('--dry-run', 'follow no advice, show what would be changed', false)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json']).default('table'))
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/top.ts')).top(context, what, flags)),
    );
}

function addWriteCommands(program: Command, withClient: WithClient): void {
  program
    .command('apply')
    .description('create or change objects to match manifests')
    .addOption(files.makeOptionMandatory(true))
    .option('-R, --recursive', 'read subfolders too', false)
    .option('--dry-run', 'validate everything and change nothing', false)
    .action((flags) => withClient(async (context) => (await import('./commands/apply.ts')).apply(context, flags)));
  program
    .command('autoscale <what...>')
    .description('have the replicas of a workload follow its use of cpu and memory')
    .requiredOption('--max <count>', 'most replicas', wholeNumber)
    .option('--min <count>', "fewest replicas; the api's default where absent", wholeNumber)
    .option('--cpu <target>', 'percent of the requested cpu, such as 70%, or an amount for each pod, such as 500m')
    .option(
      '--memory <target>',
      'percent of the requested memory, such as 60%, or an amount for each pod, such as 200Mi',
    )
    .option('--name <name>', 'name of the autoscaler; that of the workload by default')
    .option('--dry-run', 'validate everything and change nothing', false)
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/autoscale.ts')).autoscale(context, what, flags)),
    );
  program
    .command('defrag')
    .description('show which nodes can be freed by moving pods, or free them')
    .option('--execute', 'move the pods', false)
    .option('--max-moves <count>', "pods to move at most; the scheduler's own setting by default", wholeNumber)
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'))
    .action((flags) => withClient(async (context) => (await import('./commands/defrag.ts')).defrag(context, flags)));
  program
    .command('delete [what...]')
    .description('delete objects')
    .addOption(optionalFiles())
    .option('-R, --recursive', 'read subfolders too', false)
    .addOption(selector)
    .option('--all', 'all objects of the kind', false)
    .option('--ignore-not-found', 'do not fail for objects that do not exist', false)
    .option('--grace-period <seconds>', 'seconds that a pod has to terminate', wholeNumber)
    .option('--force', 'terminate pods immediately', false)
    .option('--no-wait', 'do not wait until they are gone')
    .addOption(
      new Option('--cascade <how>', 'what happens to dependents')
        .choices(['background', 'foreground', 'orphan'])
        .default('background'),
    )
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/delete.ts')).deleteObjects(context, what, flags)),
    );
  program
    .command('scale <what...>')
    .description('set how many replicas a workload has')
    .requiredOption('--replicas <count>', 'replicas to have', wholeNumber)
    .option('--current-replicas <count>', 'scale only if the workload has this many now', wholeNumber)
    .action((what, flags) =>
      withClient(async (context) => (await import('./commands/scale.ts')).scale(context, what, flags)),
    );
  addNodeCommands(program, withClient);
}

function addNodeCommands(program: Command, withClient: WithClient): void {
  for (const [name, unschedulable, description] of [
    ['cordon', true, 'keep new pods away from nodes'],
    ['uncordon', false, 'let pods come to nodes again'],
  ] as const) {
    program
      .command(`${name} <node...>`)
      .description(description)
      .option('--dry-run', 'change nothing', false)
      .action((nodes, { dryRun }) =>
        withClient(async (context) =>
          (await import('./commands/drain.ts')).cordon(context, nodes, unschedulable, dryRun),
        ),
      );
  }
  program
    .command('drain <node...>')
    .description('move all pods away from nodes, within their disruption budgets')
    .option('--ignore-daemonsets', 'leave pods of DaemonSets where they are', false)
    .option('--delete-emptydir-data', 'also evict pods whose local data is lost with them', false)
    .option('--force', 'also evict pods that nobody makes anew', false)
    .option('--grace-period <seconds>', 'seconds that a pod has to terminate', wholeNumber)
    .option('--timeout <seconds>', 'give up after this; 0 is never', wholeNumber, 0)
    .option('--pod-selector <labels>', 'only pods with these labels')
    .option('--dry-run', 'change nothing', false)
    .action((nodes, flags) =>
      withClient(async (context) => (await import('./commands/drain.ts')).drain(context, nodes, flags)),
    );
}

/** A copy of the files option for a command that does not require it: option objects keep state. */
function optionalFiles(): Option {
  return new Option(files.flags, files.description).argParser(files.parseArg!).default([]);
}

function addPodCommands(program: Command, withClient: WithClient): void {
  program
    .command('logs <what...>')
    .description("print a container's logs")
    .option('-c, --container <name>', 'the container; the default one if omitted')
    .option('-f, --follow', 'keep printing new lines', false)
    .option('-p, --previous', "the logs of the container's previous run", false)
    .option('--timestamps', 'prefix each line with its time', false)
    .option('--tail <lines>', 'only this many of the last lines', wholeNumber)
    .option(
      '--since <duration>',
      'only lines newer than this, such as 30s, 5m or 2h',
      (value) => parseDurationMs(value) / 1000,
    )
    .action((what, flags) =>
      withClient(async (context) =>
        (await import('./commands/logs.ts')).logs(context, what, { ...flags, sinceSeconds: flags.since }),
      ),
    );
  program
    .command('exec <pod> [command...]')
    .description('run a command in a container: gantry exec POD -- COMMAND')
    .option('-c, --container <name>', 'the container; the default one if omitted')
    .option('-i, --stdin', 'pass standard input to the command', false)
    .option('-t, --tty', 'allocate a terminal', false)
    .passThroughOptions(false)
    .action((pod, command, flags) =>
      withClient(async (context) => (await import('./commands/exec.ts')).exec(context, pod, command, flags)),
    );
}

function addRolloutCommands(program: Command, withClient: WithClient): void {
  const rollout = program
    .command('rollout')
    .description('manage the rollouts of deployments, daemon sets and stateful sets');
  const command = (name: string, description: string) =>
    rollout
      .command(`${name} <what...>`)
      .description(description)
      .option('-l, --selector <query>', 'only those with these labels');
  const commands = () => import('./commands/rollout.ts');
  command('status', 'wait until the rollout is done')
    .option('--no-watch', 'print the progress and return')
    .option('--timeout <duration>', 'give up after this time, such as 90s; 0 means never', parseDurationMs, 0)
    .option('--revision <number>', 'fail unless this revision runs; 0 is any', wholeNumber, 0)
    .action((what, { timeout: timeoutMs, ...flags }) =>
      withClient(async (context) => (await commands()).rolloutStatus(context, what, { ...flags, timeoutMs })),
    );
  command('history', 'list the revisions')
    .option('--revision <number>', 'show this revision', wholeNumber, 0)
    .action((what, flags) => withClient(async (context) => (await commands()).rolloutHistory(context, what, flags)));
  command('undo', 'return to an earlier revision')
    .option('--to-revision <number>', 'the revision to return to; 0 is the previous one', wholeNumber, 0)
    .action((what, { toRevision, ...flags }) =>
      withClient(async (context) => (await commands()).rolloutUndo(context, what, toRevision, flags)),
    );
  command('restart', 'replace all pods').action((what, flags) =>
    withClient(async (context) => (await commands()).rolloutRestart(context, what, flags)),
  );
  for (const [name, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    command(name, paused ? 'pause the rollout of a deployment' : 'resume a paused rollout').action((what, flags) =>
      withClient(async (context) => (await commands()).rolloutPause(context, what, paused, flags)),
    );
  }
  addPolicyCommands(rollout, withClient);
}

/** Commands about Rollouts, by whose steps workloads go. */
function addPolicyCommands(rollout: Command, withClient: WithClient): void {
  const ask = (name: string, description: string): Command =>
    rollout.command(`${name} <rollout...>`).description(description);
  const commands = () => import('./commands/rollout-policy.ts');
  ask('promote', 'let a Rollout go on to its next step')
    .option('--full', 'skip all steps and analyses, and wait for the pods alone', false)
    .action((names, { full }) =>
      withClient(async (context) => (await commands()).askRollouts(context, names, full ? 'PromoteFull' : 'Promote')),
    );
  ask('abort', 'give all requests back to the stable revision of a Rollout').action((names) =>
    withClient(async (context) => (await commands()).askRollouts(context, names, 'Abort')),
  );
  ask('retry', 'begin anew with the revision that a Rollout aborted').action((names) =>
    withClient(async (context) => (await commands()).askRollouts(context, names, 'Retry')),
  );
}

function addUserCommands(program: Command, withClient: WithClient): void {
  program
    .command('user')
    .description('manage the users of the cluster')
    .command('create <name>')
    .description('make a user: a certificate in a kubeconfig; roles say what the user may do')
    .option('--group <name>', 'group of the user; may be repeated', repeated, [])
    .option('--kubeconfig <path>', 'file to write; NAME.kubeconfig by default')
    .option('--days <count>', 'days for which the certificate is good', wholeNumber, 365)
    .action((name, flags) =>
      withClient(async (context) => (await import('./commands/user.ts')).createUser(context, name, flags)),
    );
}

function repeated(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('must be a whole number, 0 or more.');
  return Number(value);
}

/** `90s`, `5m`, `1h30m`, or a bare 0, in milliseconds. */
export function parseDurationMs(value: string): number {
  const ms = value === '0' ? 0 : parseFlagDurationMs(value);
  if (ms === undefined) throw new InvalidArgumentError('must be a duration such as 30s, 5m or 1h30m.');
  return ms;
}
