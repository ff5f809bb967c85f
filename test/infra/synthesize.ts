/** Synthesizes templates for the tests of the infrastructure, and reads them. */
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ScanDetector } from '../../infra/index.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';

/** A resource of the template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
}

/** An app without bundling, since nobody runs the functions here. */
export const newApp = () => new App({ context: { 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });

/** The template of a stack with a detector of these settings. */
export function synthesize(settings: SettingsInput = {}, app = newApp()): Template {
  const stack = new Stack(app, settings.deploymentName ?? 'sweepwatch');
  new ScanDetector(stack, 'Detector', { settings }).addOutputs();
  return Template.fromStack(stack);
}

/** All resources of a type with their logical ids, in template order. */
export function resourcesOf(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(template.findResources(type) as Record<string, Resource>);
}

/** Names a reference by the construct that it points to, since logical ids end in a hash. */
export function plain(value: unknown): string {
  const text = (node: unknown): string => {
    if (typeof node === 'string') return node;
    const { Ref, 'Fn::GetAtt': att, 'Fn::Join': join } = node as Record<string, never>;
    if (join !== undefined) return (join[1] as unknown[]).map(text).join('');
    return `<${String(Ref ?? (att as unknown as string[])[0]).replace(/^Detector|[0-9A-F]{8}$/g, '')}>`;
  };
  return Array.isArray(value) ? value.map(text).join(' ') : text(value);
}

/** A statement of a policy document. */
export interface Statement {
  Sid: string;
  Action: string | string[];
  Resource: unknown;
}

/** Every statement of a function's role as `actions on resources`. */
export function permissionsOf(template: Template, name: string): string[] {
  const found = resourcesOf(template, 'AWS::IAM::Role').find(([id]) => id.startsWith(`Detector${name}Role`));
  const policies = found?.[1].Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.map(({ Action, Resource }) => `${[Action].flat().join(' ')} on ${plain(Resource)}`),
  );
}

/** Two VPCs that get a flow log in {@link byDefault}. */
export const vpcs = [{ vpcId: 'vpc-0123456789abcdef0' }, { vpcId: 'vpc-89abcdef' }];

/** The template of the same deployment with everything that settings can add: `signals` of all kinds, all destinations. */
export const withSignals = synthesize({
  vpcs,
  emails: ['analyst@example.com'],
  opsEmails: ['ops@example.com'],
  signals: {
    kubernetes: [{ cluster: 'prod' }, { logGroup: '/k8s/audit' }],
    hosts: [{ logGroup: '/hosts/auditd', filterPattern: '?EXECVE ?SYSCALL' }],
    ecs: true,
  },
  destinations: { eventBus: 'new', chat: {}, securityHub: true },
  detailedMonitoring: true,
});

/** The template of a plain deployment: a new bucket, two VPCs, an address for each topic. */
export const byDefault = synthesize({ vpcs, emails: ['analyst@example.com'], opsEmails: ['ops@example.com'] });
