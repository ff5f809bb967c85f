/** What `signals` adds to a template: a function, subscriptions, rules. And what it refuses. */
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { CfnSubscriptionFilter } from 'aws-cdk-lib/aws-logs';
import { ScanDetector } from '../../infra/index.ts';
import { parseRuntimeSettings } from '../../lib/config/runtime.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { AUDIT_PATTERN } from '../../lib/signals/orchestrator/subscription-pattern.ts';
import { readTemplate } from '../../local/template/model.ts';
import { buildDependencyGraph, dependsOn } from '../../local/template/order.ts';
import { byDefault, newApp, permissionsOf, plain, resourcesOf, synthesize, withSignals } from './synthesize.ts';

const detector = (stack: Stack, signals: SettingsInput['signals'], deploymentName = 'sweepwatch') =>
  new ScanDetector(stack, 'Detector', { settings: { deploymentName, signals } });

test('a deployment without signals has nothing for them', () => {
  const { Resources, Outputs } = byDefault.toJSON();
  expect([...Object.keys(Resources), ...Object.keys(Outputs)].filter((id) => /Signals|Ecs/.test(id))).toEqual([]);
  byDefault.resourceCountIs('AWS::Logs::SubscriptionFilter', 0);
  expect(JSON.stringify(Resources)).not.toContain('hasSignals');
});

describe('with signals', () => {
  test('each log group is subscribed with its pattern, after CloudWatch Logs may call the function for this group', () => {
    const filters = resourcesOf(withSignals, 'AWS::Logs::SubscriptionFilter').map(([, { Properties }]) => [
      Properties.LogGroupName,
      Properties.FilterPattern,
      plain(Properties.DestinationArn),
    ]);
    expect(filters).toEqual([
      ['/aws/eks/prod/cluster', AUDIT_PATTERN, '<SignalsFunction>'],
      ['/k8s/audit', AUDIT_PATTERN, '<SignalsFunction>'],
      ['/hosts/auditd', '?EXECVE ?SYSCALL', '<SignalsFunction>'],
    ]);
    const graph = buildDependencyGraph(readTemplate(withSignals.toJSON()).resources);
    const permissions = resourcesOf(withSignals, 'AWS::Lambda::Permission').filter(
      ([, { Properties }]) => Properties.Principal === 'logs.amazonaws.com',
    );
    expect(permissions).toHaveLength(3);
    for (const [at, [id, { Properties }]] of permissions.entries()) {
      expect(plain(Properties.SourceArn)).toBe(
        `arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${filters[at]![0]}:*`,
      );
      expect(plain(Properties.SourceAccount)).toBe('<AWS::AccountId>');
      const [filter] = resourcesOf(withSignals, 'AWS::Logs::SubscriptionFilter')[at]!;
      expect(dependsOn(graph, filter, id)).toBe(true);
    }
  });

  test('events of ECS reach the function, each with the queue for what could not be delivered', () => {
    const rules = resourcesOf(withSignals, 'AWS::Events::Rule').filter(([, { Properties }]) => Properties.EventPattern);
    expect(
      rules.map(([, { Properties }]) => (Properties.EventPattern as Record<string, unknown>)['detail-type']),
    ).toEqual([['ECS Task State Change'], ['AWS API Call via CloudTrail']]);
    for (const [, { Properties }] of rules)
      expect(Properties.Targets).toEqual([
        expect.objectContaining({
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringContaining('SignalsDeadLetters'), 'Arn'] } },
        }),
      ]);
  });

  test('what fails is repeated twice within six hours and then kept, and the other functions know of signals', () => {
    withSignals.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp('SignalsFunction') },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [Match.stringLikeRegexp('SignalsDeadLetters'), 'Arn'] } },
      },
    });
    for (const [id, { Properties }] of resourcesOf(withSignals, 'AWS::Lambda::Function')) {
      if (id.includes('Forward')) continue;
      const { SETTINGS } = (Properties.Environment as { Variables: Record<string, string> }).Variables;
      expect(parseRuntimeSettings(SETTINGS!).hasSignals).toBe(true);
    }
  });

  test('the function may do these things and nothing else', () => {
    expect(permissionsOf(withSignals, 'Signals')).toEqual([
      'logs:CreateLogStream logs:PutLogEvents on <SignalsLogs>',
      'dynamodb:BatchWriteItem dynamodb:Query on <Windows>',
      'dynamodb:BatchWriteItem dynamodb:Query dynamodb:UpdateItem on <Findings>',
      'dynamodb:Query on <Findings>/index/byDay',
      'sqs:SendMessage on <AlertQueue>',
      'sqs:SendMessage on <SignalsDeadLetters>',
    ]);
  });

  test('a cluster alone needs no rule, and ECS alone no subscription', () => {
    const cluster = synthesize({ signals: { kubernetes: [{ cluster: 'prod' }] } });
    cluster.resourceCountIs('AWS::Events::Rule', 1);
    const ecs = synthesize({ signals: { ecs: true } });
    ecs.resourceCountIs('AWS::Logs::SubscriptionFilter', 0);
    ecs.resourceCountIs('AWS::Events::Rule', 3);
  });

  test('another order of the log groups changes no resource', () => {
    const idsOf = (hosts: { logGroup: string }[]) =>
      resourcesOf(synthesize({ signals: { hosts } }), 'AWS::Logs::SubscriptionFilter').map(([id]) => id);
    const [a, b] = [{ logGroup: '/a' }, { logGroup: '/b' }];
    expect(idsOf([a, b]).sort()).toEqual(idsOf([b, a]).sort());
  });
});

describe('synthesis refuses', () => {
  test.each(['Ingest', 'Alert', 'Settle', 'Signals'])('the log group of %s by its name', (name) => {
    const [id] = resourcesOf(withSignals, 'AWS::Logs::LogGroup').find(([each]) => each.includes(`${name}Logs`))!;
    const hosts = [{ logGroup: `sweepwatch-${id}-AbCdEfGhIjKl` }];
    expect(() => synthesize({ signals: { hosts } })).toThrow(
      `sweepwatch/Detector: signals.hosts.0: must not name the log group of sweepwatch/Detector/${name}/Logs, since what a function prints would start it again`,
    );
  });

  test('a third subscription to a log group in the app, wherever it is made', () => {
    const app = newApp();
    const stack = new Stack(app, 'sweepwatch');
    detector(stack, { kubernetes: [{ cluster: 'prod' }] });
    const add = (id: string) =>
      new CfnSubscriptionFilter(stack, id, {
        logGroupName: '/aws/eks/prod/cluster',
        filterPattern: '',
        destinationArn: 'arn:aws:lambda:us-east-1:000000000000:function:other',
      });
    add('Second');
    const third = add('Third');
    expect(() => app.synth()).toThrow(
      /signals\.kubernetes\.0: \/aws\/eks\/prod\/cluster must have at most 2 subscription filters, got .*sweepwatch\/Third/,
    );
    stack.node.tryRemoveChild(third.node.id);
    expect(() => Template.fromStack(stack)).not.toThrow();
  });

  test('nothing where the same name is that of another Region', () => {
    const app = newApp();
    const regions = ['eu-west-1', 'us-east-1', 'us-west-2'];
    for (const region of regions)
      detector(new Stack(app, `in-${region}`, { env: { account: '111122223333', region } }), {
        kubernetes: [{ cluster: 'prod' }],
      });
    expect(() => app.synth()).not.toThrow();
  });
});
