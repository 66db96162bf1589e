import kafkajs, { type AclOperationTypes as Operation } from 'kafkajs';
import type { KafkaConnection } from '../src/connection.ts';
import { kafkaOf } from '../src/connection.ts';

// Node does not see these among the names that the module exports.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** What a user may do, as Strimzi's KafkaUser writes it. */
export interface AccessRule {
  readonly resource: {
    readonly type: 'topic' | 'group';
    readonly name: string;
    readonly patternType: 'literal' | 'prefix';
  };
  readonly operations: readonly string[];
}

const operationOf: Readonly<Record<string, Operation>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Delete: AclOperationTypes.DELETE,
  Alter: AclOperationTypes.ALTER,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

/** Gives users rights on a broker with an authorizer, over a connection that may do so. @param rules by principal, 'User:name' */
export async function allow(
  connection: KafkaConnection,
  rules: ReadonlyMap<string, readonly AccessRule[]>,
): Promise<void> {
  const admin = kafkaOf(connection).admin();
  await admin.connect();
  try {
    const acl = [...rules].flatMap(([principal, ofUser]) =>
      ofUser.flatMap(({ resource, operations }) =>
        operations.map((operation) => ({
          principal,
          host: '*',
          permissionType: AclPermissionTypes.ALLOW,
          operation: operationOf[operation]!,
          resourceType: resource.type === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
          resourceName: resource.name,
          resourcePatternType:
            resource.patternType === 'prefix' ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
        })),
      ),
    );
    await admin.createAcls({ acl });
  } finally {
    await admin.disconnect();
  }
}
