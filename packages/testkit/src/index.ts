export { eventually } from './eventually.ts';
export * from './own-servers.ts';
export * from './secured.ts';
export * from './servers.ts';
export * from './spawn-service.ts';
export * from './tcp-proxy.ts';
export * from './webhook-receiver.ts';
