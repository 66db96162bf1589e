export * from './eventually.ts';
export * from './isolate.ts';
export * from './own-kafka-cluster.ts';
export * from './own-server.ts';
export * from './servers.ts';
export * from './spawn-service.ts';
export * from './webhook-receiver.ts';
