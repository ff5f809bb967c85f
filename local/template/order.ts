/** The order of creation: the references inside a template as a graph without cycles. */
import { isObject, show, TemplateError } from './json.ts';
import type { TemplateResource } from './model.ts';

/** For each logical id the ids that must be created before it. */
export type DependencyGraph = ReadonlyMap<string, ReadonlySet<string>>;

/** Builds the graph from DependsOn, Ref, GetAtt and Sub. Throws a TemplateError for an unknown DependsOn or a cycle. */
export function buildDependencyGraph(resources: ReadonlyMap<string, TemplateResource>): DependencyGraph {
  const graph = new Map<string, Set<string>>();
  for (const [logicalId, resource] of resources) {
    for (const id of resource.dependsOn) {
      if (!resources.has(id)) {
        throw new TemplateError(
          `Resources.${logicalId}.DependsOn names ${show(id)}, expected a resource of this template`,
        );
      }
    }
    const names = new Set(resource.dependsOn);
    collectReferences(resource.properties, names);
    graph.set(logicalId, new Set([...names].filter((name) => resources.has(name))));
  }
  assertAcyclic(graph);
  return graph;
}

/** Whether `from` needs `to`, directly or through others. */
export function dependsOn(graph: DependencyGraph, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const next of graph.get(id) ?? []) {
      if (next === to) return true;
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return false;
}

function collectReferences(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, into);
    return;
  }
  if (!isObject(value)) return;
  for (const [key, argument] of Object.entries(value)) {
    if (key === 'Ref' && typeof argument === 'string') into.add(argument);
    else if (key === 'Fn::GetAtt')
      into.add(String(Array.isArray(argument) ? argument[0] : argument).split('.')[0] ?? '');
    else if (key === 'Fn::Sub') {
      const template = Array.isArray(argument) ? argument[0] : argument;
      for (const match of String(template).matchAll(/\$\{(?!!)([^}.]+)/g)) into.add(match[1] ?? '');
    }
    collectReferences(argument, into);
  }
}

function assertAcyclic(graph: DependencyGraph): void {
  const done = new Set<string>();
  const visit = (id: string, trail: string[]): void => {
    if (done.has(id)) return;
    if (trail.includes(id)) {
      throw new TemplateError(
        `resources depend on each other: ${[...trail.slice(trail.indexOf(id)), id].join(' -> ')}`,
      );
    }
    for (const next of graph.get(id) ?? []) visit(next, [...trail, id]);
    done.add(id);
  };
  for (const id of graph.keys()) visit(id, []);
}
