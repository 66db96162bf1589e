/**
 * `npm run k8s:schemas`: writes the JSON Schemas of the kinds in use, from the API descriptions of Kubernetes and KEDA in
 * their Go modules (needs Go and the module proxy). Fields that a kind does not have are refused. Those of Strimzi are
 * in no registry: strimzi.json is written by hand and knows just the fields that we use.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

const kubernetes = 'k8s.io/kubernetes@v1.34.2';
const keda = 'github.com/kedacore/keda/v2@v2.18.1';

const kubernetesKinds = [
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.apps.v1.StatefulSet',
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.core.v1.Namespace',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.ServiceAccount',
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
];
const kedaKinds = ['scaledobjects', 'triggerauthentications'];

interface Schema {
  [keyword: string]: unknown;
  properties?: Record<string, Schema>;
}

function moduleFolder(module: string): string {
  const answer = execFileSync('go', ['mod', 'download', '-json', module], { cwd: tmpdir(), encoding: 'utf8' });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

/** The keywords that say what is valid, and nothing else; a field that is not named is refused. */
function strict(schema: Schema): Schema {
  const { format } = schema;
  if (format === 'int-or-string' || schema['x-kubernetes-int-or-string'] === true)
    return { type: ['integer', 'string'] };
  const kept: Schema = {};
  for (const keyword of ['type', 'enum', 'pattern', 'required', '$ref', 'minimum', 'maximum', 'minItems', 'maxItems'])
    if (schema[keyword] !== undefined) kept[keyword] = schema[keyword];
  if (schema.items !== undefined) kept.items = strict(schema.items as Schema);
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') kept.additionalProperties = strict(additionalProperties as Schema);
  if (schema.properties !== undefined) {
    kept.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, strict(property)]),
    );
    if (schema['x-kubernetes-preserve-unknown-fields'] !== true) kept.additionalProperties ??= false;
  }
  return kept;
}

function referenced(schema: unknown, found: Set<string>, definitions: Record<string, Schema>): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key !== '$ref' || typeof value !== 'string') referenced(value, found, definitions);
    else {
      const name = value.replace('#/definitions/', '');
      if (found.has(name)) continue;
      found.add(name);
      referenced(definitions[name], found, definitions);
    }
  }
}

function kubernetesSchemas() {
  const file = join(moduleFolder(kubernetes), 'api', 'openapi-spec', 'swagger.json');
  const { definitions } = JSON.parse(readFileSync(file, 'utf8')) as { definitions: Record<string, Schema> };
  const found = new Set(kubernetesKinds);
  for (const kind of kubernetesKinds) referenced(definitions[kind], found, definitions);
  const kept = Object.fromEntries([...found].sort().map((name) => [name, strict(definitions[name]!)]));
  // Written as numbers as well.
  kept['io.k8s.apimachinery.pkg.api.resource.Quantity'] = { type: ['number', 'string'] };
  const kinds = kubernetesKinds.map((name) => {
    const [{ group, version, kind }] = definitions[name]!['x-kubernetes-group-version-kind'] as [
      { group: string; version: string; kind: string },
    ];
    return [`${group === '' ? '' : `${group}/`}${version} ${kind}`, { $ref: `#/definitions/${name}` }];
  });
  return { source: kubernetes, kinds: Object.fromEntries(kinds), definitions: kept };
}

interface CustomResourceDefinition {
  spec: {
    group: string;
    names: { kind: string };
    versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

function kedaSchemas() {
  const folder = join(moduleFolder(keda), 'config', 'crd', 'bases');
  const kinds = kedaKinds.map((plural) => {
    const { spec } = parse(readFileSync(join(folder, `keda.sh_${plural}.yaml`), 'utf8')) as CustomResourceDefinition;
    const { name, schema } = spec.versions.find(({ storage }) => storage)!;
    const valid = strict(schema.openAPIV3Schema);
    valid.properties = { ...valid.properties, metadata: { type: 'object' } };
    return [`${spec.group}/${name} ${spec.names.kind}`, valid];
  });
  return { source: keda, kinds: Object.fromEntries(kinds), definitions: {} };
}

for (const [name, schemas] of Object.entries({ kubernetes: kubernetesSchemas(), keda: kedaSchemas() })) {
  const file = join(import.meta.dirname, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(schemas)}\n`);
  console.log(`Wrote ${file}`);
}
