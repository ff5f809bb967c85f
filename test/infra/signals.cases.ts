/** What `signals` adds to a template: a function, subscriptions, rules. And what it refuses. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
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

describe('rules of the user', () => {
  const RULE = `title: T
level: low
logsource: {product: linux, service: auditd}
detection:
  s: {exe|endswith: /x}
  condition: s
`;
  const folderOf = (files: Record<string, string>) => {
    const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-rules-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  };
  const hosts = [{ logGroup: '/a' }];
  const withRules = (files: Record<string, string>) => synthesize({ signals: { hosts, rules: folderOf(files) } });

  test('are named to the signals function alone', () => {
    const functions = resourcesOf(withRules({ 'a.yml': RULE, 'note.txt': 'x' }), 'AWS::Lambda::Function');
    const named = functions.filter(([, { Properties }]) => JSON.stringify(Properties).includes('SIGMA_RULES'));
    expect(named.map(([id]) => id)).toEqual([expect.stringContaining('SignalsFunction')]);
  });

  test('are refused by file, rule and construct, all at once', () => {
    const files = {
      'a.yml': RULE.replace('endswith', 're'),
      'b.yaml': RULE.replace('exe|endswith', 'Hashes'),
      'c.yml': RULE,
      'd.yml': '{',
    };
    expect(() => withRules(files)).toThrow(
      new RegExp(
        [
          'sweepwatch/Detector: signals.rules: a.yml, rule "T": not supported: modifier "re"',
          'sweepwatch/Detector: signals.rules: b.yaml, rule "T": not supported: field "Hashes"',
          'sweepwatch/Detector: signals.rules: d.yml: the file is not YAML: ',
        ].join('\\n'),
      ),
    );
  });

  test('are refused beyond a number and a size, and where the folder holds no rule', () => {
    const many = Array(501).fill(RULE).join('---\n');
    expect(() => withRules({ 'a.yml': many })).toThrow(/signals\.rules: .* must have at most 500 rules, got 501/);
    const long = RULE.replace('/x}', `${'x'.repeat(600_000)}}`);
    expect(() => withRules({ 'a.yml': long, 'b.yml': long })).toThrow(
      /must hold at most 1048576 bytes of rules, got 12\d+/,
    );
    expect(() => withRules({})).toThrow(/must contain rules in \.yml or \.yaml files/);
    expect(() => synthesize({ signals: { hosts, rules: '/no/such' } })).toThrow(
      /signals\.rules: \/no\/such must be a folder/,
    );
    expect(() => synthesize({ signals: { ecs: true, rules: folderOf({ 'a.yml': RULE }) } })).toThrow(
      /signals\.rules: must come with signals\.kubernetes or signals\.hosts/,
    );
  });

  test('about audit events come with a warning, unless every event is delivered', () => {
    const audit = RULE.replace('linux, service: auditd', 'kubernetes');
    const warnings = (allEvents: boolean) => {
      const app = newApp();
      const stack = new Stack(app, 'sweepwatch');
      detector(stack, { kubernetes: [{ cluster: 'prod', allEvents }], rules: folderOf({ 'a.yml': audit }) });
      const [filter] = resourcesOf(Template.fromStack(stack), 'AWS::Logs::SubscriptionFilter');
      expect(filter![1].Properties.FilterPattern).toBe(allEvents ? '{ $.kind = "Event" }' : AUDIT_PATTERN);
      return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('signals\\.rules: .*: T'));
    };
    expect(warnings(false)).toHaveLength(1);
    expect(warnings(true)).toEqual([]);
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
