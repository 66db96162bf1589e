export * from './certificates.ts';
export * from './eventually.ts';
export * from './guarded-registry.ts';
export * from './isolate.ts';
export * from './own-server.ts';
export * from './servers.ts';
export * from './spawn-service.ts';
export * from './webhook-receiver.ts';
