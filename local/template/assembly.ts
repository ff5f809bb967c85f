/** Reads a cloud assembly (cdk.out): the stack's template, and the folder of each function's bundle. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject, type JsonObject, show, TemplateError } from './json.ts';

/** One stack of a cloud assembly. */
export interface StackAssembly {
  stackName: string;
  template: object;
  /** The folder of a function's bundle, from the asset metadata or the asset manifest. Throws if it is not found. */
  bundleFolder(logicalId: string, metadata: JsonObject, code: JsonObject): string;
}

/** Reads `stack` (its name or artifact id) of the assembly at `folder`. `template` replaces the one on disk. */
export async function readAssembly(folder: string, stack: string, template?: object): Promise<StackAssembly> {
  const manifest = await readJson(path.join(folder, 'manifest.json'));
  const artifact = findStack(manifest, stack);
  const baseName = artifact?.id ?? stack;
  const templateFile = path.join(folder, artifact?.templateFile ?? `${stack}.template.json`);
  const [found, assets] = await Promise.all([
    template ?? readJson(templateFile),
    readJson(path.join(folder, `${baseName}.assets.json`)),
  ]);
  if (found === undefined) {
    const stacks = manifest === undefined ? 'a folder made by cdk synth' : `one of ${show(stackNames(manifest))}`;
    throw new TemplateError(`there is no template of stack ${show(stack)} at ${templateFile}, expected ${stacks}`);
  }
  const assetPaths = pathsByObjectKey(assets);
  return {
    stackName: artifact?.stackName ?? stack,
    template: found,
    bundleFolder(logicalId, metadata, code) {
      const named = metadata['aws:asset:path'] ?? assetPaths.get(String(code.S3Key));
      if (typeof named !== 'string') {
        throw new TemplateError(
          `function ${logicalId} has the code ${show(code)}, expected an asset that ${baseName}.assets.json lists`,
        );
      }
      const bundle = path.resolve(folder, named);
      if (!existsSync(bundle) || !statSync(bundle).isDirectory()) {
        throw new TemplateError(
          `the bundle of function ${logicalId} is ${bundle}, expected a folder. Run cdk synth again`,
        );
      }
      return bundle;
    },
  };
}

async function readJson(file: string): Promise<JsonObject | undefined> {
  if (!existsSync(file)) return undefined;
  const value: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (!isObject(value)) throw new TemplateError(`${file} contains ${show(value)}, expected a JSON object`);
  return value;
}

interface StackArtifact {
  id: string;
  stackName: string;
  templateFile: string;
}

function stackArtifacts(manifest: JsonObject): StackArtifact[] {
  return Object.entries(isObject(manifest.artifacts) ? manifest.artifacts : {}).flatMap(([id, artifact]) => {
    if (!isObject(artifact) || artifact.type !== 'aws:cloudformation:stack') return [];
    const properties = isObject(artifact.properties) ? artifact.properties : {};
    return [
      {
        id,
        stackName: String(properties.stackName ?? id),
        templateFile: String(properties.templateFile ?? `${id}.template.json`),
      },
    ];
  });
}

function stackNames(manifest: JsonObject): string[] {
  return stackArtifacts(manifest).map(({ stackName }) => stackName);
}

function findStack(manifest: JsonObject | undefined, stack: string): StackArtifact | undefined {
  const artifacts = manifest === undefined ? [] : stackArtifacts(manifest);
  return artifacts.find(({ id, stackName }) => id === stack || stackName === stack);
}

function pathsByObjectKey(assets: JsonObject | undefined): Map<string, string> {
  const paths = new Map<string, string>();
  for (const asset of Object.values(isObject(assets?.files) ? assets.files : {})) {
    if (!isObject(asset) || !isObject(asset.source) || !isObject(asset.destinations)) continue;
    for (const destination of Object.values(asset.destinations)) {
      if (isObject(destination)) paths.set(String(destination.objectKey), String(asset.source.path));
    }
  }
  return paths;
}
