export {
  createEventCodec,
  RegistryUnreachableError,
  UndecodableError,
  type EventCodec,
  type EventOf,
  type NewEventOf,
} from './codec.ts';
export { eventHeaders } from './event-headers.rules.ts';
export { decodeOrSkip, handleEvents, type EventHandler, type EventHandlers } from './handle.ts';
export { openTaskLog } from './open-task-log.ts';
export { createEventPublisher, type EventMetadata, type EventPublisher } from './publish.ts';
export { applyContract } from './contract/apply-contract.ts';
export { awaitContractSettings, contractRules, contractSettings } from './contract/contract-settings.ts';
export { cleanupPolicies, wantedTopic } from './contract/topic-plan.rules.ts';
