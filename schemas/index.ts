export * from './generated/events.ts';
export * from './avro.ts';
export * from './ids.ts';
export * from './json-schema.ts';
export * from './read-model.ts';
export * from './task-resource.ts';
export * from './task-types.ts';
export * from './topics.ts';
