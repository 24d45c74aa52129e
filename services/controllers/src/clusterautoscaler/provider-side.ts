import type { ProviderClient } from '@gantry/cloud-provider/client.ts';
import type { GroupOptions, NodeGroup, ProviderNode } from '@gantry/cloud-provider/provider.ts';
import type { Node } from '@gantry/model/gen/gantry.core.v1.ts';
import type { Clock } from '@gantry/runtime/clock.ts';
import { conflict } from '@gantry/runtime/errors.ts';
import type { GroupSnapshot, ProviderSide, ProviderSnapshot } from '../core/consult.ts';

/** Groups that are asked about at once. */
const maxTogether = 16;
/** Milliseconds for which templates, settings and prices are kept: they hardly change. */
const keptMs = 60_000;
const hourMs = 3_600_000;

/** A provider as the autoscaler sees it: all groups in one look. */
export function providerSide(client: ProviderClient, clock: Pick<Clock, 'now' | 'monotonic'>): ProviderSide {
  const lasting = new Map<string, { readonly untilMs: number; readonly traits: Traits }>();

  const traitsOf = async (group: NodeGroup, defaults: GroupOptions, signal: AbortSignal): Promise<Traits> => {
    const known = lasting.get(group.id);
    if (known !== undefined && known.untilMs > clock.monotonic()) return known.traits;
    const template = (await client.template(group.id, { signal }))?.node;
    const options = await client.groupOptions(group.id, defaults, { signal });
    const price = template && (await priceOf(template, client, clock.now(), signal));
    const traits = { template, options, price };
    lasting.set(group.id, { untilMs: clock.monotonic() + keptMs, traits });
    return traits;
  };

  const demandTarget = async (group: string, from: number, signal: AbortSignal): Promise<void> => {
    const target = await client.targetSize(group, { signal });
    if (target !== from) {
      throw conflict(
        { group: '', resource: 'nodegroups', name: group },
        `its target size is ${target}, and was ${from}`,
      );
    }
  };

  return {
    async observe(defaults, doubtful, signal): Promise<ProviderSnapshot> {
      await client.refresh({ signal });
      const { groups, problems } = await client.nodeGroups({ signal });
      const unread = new Map<string, string>();
      const read: GroupSnapshot[] = [];
      for (const id of lasting.keys()) if (!groups.some((group) => group.id === id)) lasting.delete(id);
      const readOne = async (group: NodeGroup): Promise<void> => {
        try {
          const targetSize = await client.targetSize(group.id, { signal });
          const instances = await client.instances(group.id, { signal });
          read.push({ ...group, targetSize, instances, ...(await traitsOf(group, defaults, signal)) });
        } catch (error) {
          signal.throwIfAborted();
          unread.set(group.id, error instanceof Error ? error.message : String(error));
        }
      };
      for (let start = 0; start < groups.length; start += maxTogether) {
        await Promise.all(groups.slice(start, start + maxTogether).map(readOne));
      }
      const claimed = unread.size > 0 ? new Set<string>() : await claimedOf(doubtful, read, client, signal);
      read.sort((a, b) => (a.id < b.id ? -1 : 1));
      return { groups: read, unread, claimed, problems };
    },
    async increase(group, from, count, signal) {
      await demandTarget(group, from, signal);
      await client.increaseSize(group, count, { signal });
    },
    async decrease(group, from, count, signal) {
      await demandTarget(group, from, signal);
      await client.decreaseTargetSize(group, count, { signal });
    },
    deleteNodes: (group, nodes, signal) => client.deleteNodes(group, nodes, { signal }),
  };
}

/** Nodes that the provider says are of a group, although it lists no machine of theirs. */
async function claimedOf(
  doubtful: readonly ProviderNode[],
  groups: readonly GroupSnapshot[],
  client: ProviderClient,
  signal: AbortSignal,
): Promise<Set<string>> {
  const listed = new Set(groups.flatMap(({ instances }) => instances.map(({ id }) => id)));
  const claimed = new Set<string>();
  for (const node of doubtful.filter(({ providerID }) => !listed.has(providerID))) {
    if ((await client.nodeGroupForNode(node, { signal })) !== undefined) claimed.add(node.providerID);
  }
  return claimed;
}

type Traits = Pick<GroupSnapshot, 'template' | 'options' | 'price'>;

async function priceOf(
  { metadata }: Node,
  client: ProviderClient,
  nowMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { name, labels = {}, annotations = {} } = metadata;
  return await client.nodePrice({ providerID: '', name, labels, annotations }, nowMs, nowMs + hourMs, { signal });
}
