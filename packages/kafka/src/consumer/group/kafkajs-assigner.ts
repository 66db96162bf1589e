import { AssignerProtocol, type Cluster, type PartitionAssigner } from 'kafkajs';
import type { TopicPartition } from '../../record.ts';
import { assignPartitions, type GroupMember } from './assign-partitions.rules.ts';

/** What a member tells the group about itself when it joins. */
interface MemberDetails {
  /** Names the consumer for as long as it lives; a member id is the group's and changes. */
  instance: string;
  generation: number;
  /** Topics by their names in the cluster. */
  owned: TopicPartition[];
}

const { MemberMetadata, MemberAssignment } = AssignerProtocol;
const version = 1;
const noUserData = Buffer.alloc(0);

/** The assignment of `assignPartitions`, in the form that kafkajs asks for. All members of a group have to use it. */
export function stickyAssigner(details: () => MemberDetails, onCluster: (cluster: Cluster) => void): PartitionAssigner {
  return ({ cluster }) => {
    onCluster(cluster);
    return {
      name: 'co-partitioned-sticky',
      version,
      protocol: ({ topics }) => ({
        name: 'co-partitioned-sticky',
        metadata: MemberMetadata.encode({ version, topics, userData: encodeDetails(details()) }),
      }),
      async assign({ members }) {
        const parsed = members.map(({ memberId, memberMetadata }) => parseMember(memberId, memberMetadata));
        const topics = new Set(parsed.flatMap((member) => member.topics));
        const counts = [...topics].map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length] as const);
        return [...assignPartitions(parsed, new Map(counts))].map(([memberId, partitions]) => ({
          memberId,
          memberAssignment: MemberAssignment.encode({
            version,
            assignment: Object.fromEntries(partitions),
            userData: noUserData,
          }),
        }));
      },
    };
  };
}

/** The instance that a member told the group, null when it told none: it is not one of ours. */
export function instanceOf(memberMetadata: Buffer): string | null {
  return decodeDetails(MemberMetadata.decode(memberMetadata)?.userData ?? noUserData)?.instance ?? null;
}

function parseMember(memberId: string, memberMetadata: Buffer): GroupMember {
  const metadata = MemberMetadata.decode(memberMetadata);
  const details = decodeDetails(metadata?.userData ?? noUserData);
  const owned = new Map<string, number[]>();
  for (const { topic, partition } of details?.owned ?? []) owned.set(topic, [...(owned.get(topic) ?? []), partition]);
  return { memberId, topics: metadata?.topics ?? [], owned, generation: details?.generation ?? -1 };
}

function encodeDetails({ instance, generation, owned }: MemberDetails): Buffer {
  const byTopic = Map.groupBy(owned, ({ topic }) => topic);
  const partitions = [...byTopic].map(([topic, own]) => [topic, own.map(({ partition }) => partition)]);
  return Buffer.from(JSON.stringify({ instance, generation, owned: Object.fromEntries(partitions) }));
}

function decodeDetails(userData: Buffer): MemberDetails | null {
  if (userData.length === 0) return null;
  try {
    const { instance, generation, owned } = JSON.parse(userData.toString()) as {
      instance: string;
      generation: number;
      owned: Record<string, number[]>;
    };
    const partitions = Object.entries(owned).flatMap(([topic, own]) => own.map((partition) => ({ topic, partition })));
    return { instance, generation, owned: partitions };
  } catch {
    return null;
  }
}
