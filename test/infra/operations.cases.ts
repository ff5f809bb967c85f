/** docs/operations.md says what template and code do: alarms, measures, outputs, commands, words, what stays. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { encodeFragments } from '../../lib/evidence/encode.ts';
import { objectsCreated } from '../../lib/pipeline/object-events.ts';
import { HostLogReader } from '../../lib/signals/host/index.ts';
import { readFilterPattern } from '../../local/servers/filter-pattern.ts';
import { cliFault } from '../aws-cli.ts';
import { parseOnly } from '../cli/parse-only.ts';
import { deadLinksOf, prose, slugOf } from '../markdown.ts';
import { type AlarmProperties, alarmsIn, measuresOf } from './cloudwatch.ts';
import { DOCUMENT, rowsOf, sectionOf, text } from './operations-document.ts';
import { Shell } from './shell-blocks.ts';
import { byDefault, plain, type Resource, resourcesOf, synthesize, withSignals } from './synthesize.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const alarms = alarmsIn(resourcesOf(withSignals, 'AWS::CloudWatch::Alarm'));
const outputs = Object.fromEntries(
  Object.entries(withSignals.toJSON().Outputs as Record<string, { Value: unknown }>).map(([id, { Value }]) => [
    id,
    plain(Value).replaceAll(/[<>]/g, ''),
  ]),
);
const sources = (folders: readonly string[]): string =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .filter((file) => file.endsWith('.ts'))
    .map(read)
    .join('\n');
const metrics = new Set(
  [...sources(['functions', 'lib/pipeline']).matchAll(/addMetric\('(\w+)'/g)].map((match) => match[1]!),
);

describe('the alarms', () => {
  test('have one section each, and there are no other sections', () => {
    const sections = [...sectionAfter('Alarms').matchAll(/^### (.+)$/gm)].map((match) => match[1]);
    expect(sections).toEqual([...alarms.keys()]);
    expect(alarms.size).toBeGreaterThan(10);
  });

  test.each([...alarms.keys()])('%s says in its description where its section is, which says what is needed', (id) => {
    expect(alarms.get(id)!.AlarmDescription.endsWith(` More: ${DOCUMENT}#${slugOf(id)}`)).toBe(true);
    expect(alarms.get(id)!.AlarmDescription.length).toBeLessThanOrEqual(1024);
    const section = sectionOf(id);
    for (const label of ['Means', 'Impact', 'Check', 'Fix', 'Resolved when']) expect(section).toContain(`**${label}**`);
    expect(section).toContain('```sh\n');
  });

  test('use the metrics and thresholds that the table says', () => {
    const expected = [...alarms].map(([id, alarm]) => {
      const operator = { GreaterThanOrEqualToThreshold: '>=', LessThanThreshold: '<' }[alarm.ComparisonOperator];
      const { metric, stat, period } = measured(alarm);
      return [
        `[${id}](#${slugOf(id)})`,
        `${metric.Namespace} ${metric.MetricName}, ${stat}`,
        `${operator} ${alarm.Threshold} in ${alarm.EvaluationPeriods} x ${period / 60} min`,
        { breaching: 'alarm', notBreaching: 'ok', ignore: 'as before', missing: 'unknown' }[alarm.TreatMissingData!],
        alarm.Metrics === undefined ? '' : 'daily',
      ];
    });
    expect(rowsOf(sectionOf('Alarms'))).toEqual(expected);
  });

  test('that are repeated daily are so at the hour of the digest', () => {
    const hoursOf = (template: Template) =>
      [...alarmsIn(resourcesOf(template, 'AWS::CloudWatch::Alarm')).values()].flatMap(({ Metrics = [] }) =>
        Metrics.flatMap(({ Expression }) => /HOUR\(\w+\) == (\d+)/.exec(Expression ?? '')?.[1] ?? []),
      );
    expect(hoursOf(byDefault)).toEqual(['6', '6']);
    expect(hoursOf(synthesize({ digestHourUtc: 17, detailedMonitoring: true }))).toEqual(['17', '17', '17']);
    expect(hoursOf(synthesize({ digestHourUtc: null }))).toEqual(['6', '6']);
  });

  test('on metrics of Sweepwatch use metrics that the functions write', () => {
    const own = [...alarms.values()].map(measured).filter(({ metric }) => metric.Namespace === 'Sweepwatch');
    expect(own.length).toBeGreaterThan(2);
    expect(own.map(({ metric }) => metric.MetricName).filter((name) => !metrics.has(name))).toEqual([]);
  });
});

/** The one metric of an alarm. */
function measured(alarm: AlarmProperties) {
  const measures = [...measuresOf(alarm).values()];
  expect(measures).toHaveLength(1);
  return measures[0]!;
}

/** From a heading of the second level to the next one. */
function sectionAfter(heading: string): string {
  return text.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
}

describe('logs and metrics', () => {
  const section = sectionOf('Logs and metrics');

  test('all metrics are listed, and no others', () => {
    const told = rowsOf(section.slice(section.indexOf('| metric'))).flatMap(([cell]) =>
      [...cell!.matchAll(/`(\w+)`/g)].map((match) => match[1]),
    );
    expect(told.toSorted()).toEqual([...metrics].sort());
  });

  test('all lines are listed, and no others', () => {
    const written = [...sources(['functions', 'lib/pipeline']).matchAll(/logger\.\w+\('([^']+)'/g)].map(
      (match) => match[1],
    );
    const told = rowsOf(section).map(([cell]) => cell!.replaceAll('`', ''));
    expect(told.toSorted()).toEqual([...new Set(written)].sort());
  });
});

const fenced = [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(([, , language, body]) => ({
  language,
  body: body!,
}));
const [prelude, ...blocks] = fenced.map(({ body }) => body) as [string, ...string[]];
const shellFunctions = new Set([...prelude.matchAll(/^(\w+)\(\) \{/gm)].map((match) => match[1]!));

describe('the commands', () => {
  const key = 'AWSLogs/aws-account-id=123456789012/year=2026/a b.log.gz';
  const shell = new Shell({
    // Only a stack with look backs has this one, and the script of the removal asks for it.
    outputs: { ...outputs, LookBack: '{"bucket":"lists"}' },
    answers: {
      's3api list-objects-v2': `${key.replace('a b', 'ab')}\t1234\nsecond.log.parquet\t5\n`,
      'dynamodb describe-backup': '"AVAILABLE"\n',
    },
  });
  afterAll(() => shell.remove());
  const calls = blocks.map((block) => ({ block, made: shell.run(`${prelude}\n${block}`) }));

  test('are in shell blocks, and there are many', () => {
    expect(fenced.filter(({ language }) => language !== 'sh')).toEqual([]);
    expect(calls.flatMap(({ made }) => made).length).toBeGreaterThan(100);
    expect(calls.filter(({ made }) => made.length === 0)).toEqual([]);
  });

  test('use existing programs, commands and options', async () => {
    const faults: string[] = [];
    for (const call of calls.flatMap(({ made }) => made)) {
      const fault = await faultOf(call);
      if (fault) faults.push(fault);
    }
    expect(faults).toEqual([]);
  });

  test('use each shell function that is defined for them', () => {
    const used = [...shellFunctions].filter((name) =>
      [...blocks, prelude, text].join('\n').match(new RegExp(`^ *${name} |\\(${name} |\`${name} `, 'm')),
    );
    expect(used).toEqual([...shellFunctions]);
  });

  test('of a replay send messages that ingest understands', () => {
    const sent = calls.flatMap(({ made }) => made).filter(([, , operation]) => operation === 'send-message');
    const objects = sent.flatMap((call) => objectsCreated(call[call.indexOf('--message-body') + 1]!));
    expect(objects).toEqual([
      { bucket: outputs.LogBucket, key: key.replace('a b', 'ab'), size: 1234 },
      { bucket: outputs.LogBucket, key: 'second.log.parquet', size: 5 },
    ]);
  });

  test('query the tables by existing keys', () => {
    const [, findings] = resourcesOf(byDefault, 'AWS::DynamoDB::GlobalTable').map(([, table]) => table.Properties) as {
      KeySchema: { AttributeName: string }[];
      GlobalSecondaryIndexes?: { IndexName: string; KeySchema: { AttributeName: string }[] }[];
    }[];
    const queries = calls
      .flatMap(({ made }) => made)
      .filter(([, service, operation]) => service === 'dynamodb' && operation === 'query');
    expect(queries.length).toBeGreaterThan(5);
    for (const words of queries) {
      const given = (option: string) => words[words.indexOf(option) + 1]!;
      const index = words.includes('--index-name') && given('--index-name');
      const place = index ? findings!.GlobalSecondaryIndexes!.find(({ IndexName }) => IndexName === index) : findings;
      const [, attribute, name] = /^(\w+) = (:\w+)$/.exec(given('--key-condition-expression'))!;
      expect(place!.KeySchema[0]!.AttributeName).toBe(attribute);
      expect(Object.keys(JSON.parse(given('--expression-attribute-values')))).toEqual([name]);
    }
  });

  test('of a redrive equal those in the outputs', () => {
    const redrives = calls
      .flatMap(({ made }) => made)
      .filter(([, , operation]) => operation === 'start-message-move-task');
    expect(redrives.map((call) => call.filter((word) => word.startsWith('--')))).toEqual([
      ['--source-arn', '--destination-arn'],
      ['--source-arn', '--destination-arn'],
      ['--source-arn', '--destination-arn'],
      ['--source-arn', '--destination-arn'],
      ['--source-arn', '--destination-arn'],
    ]);
    for (const name of ['RedriveIngest', 'RedriveAlert', 'RedriveEventBus', 'RedriveChat', 'RedriveSecurityHub'])
      expect(cliFault(outputs[name]!.split(' ').slice(1))).toBeUndefined();
    expect(outputs.RedriveIngest).toBe(
      'aws sqs start-message-move-task --source-arn IngestDeadLetters --destination-arn IngestQueue --region AWS::Region',
    );
  });

  test.each([
    ['an output that there is not', 'output NoSuchOutput'],
    ['one within the words of a command', 'aws sqs purge-queue --queue-url "$(output NoSuchOutput)"'],
    ['a quote that is not closed', "aws sqs purge-queue --queue-url 'x"],
    ['a function that there is not', 'depths IngestQueue'],
  ])('are refused with %s', (_, line) => {
    expect(() => shell.run(`${prelude}\n${line}`)).toThrow();
  });

  test.each([
    [['sqs', 'purge-queues', '--queue-url', 'x'], 'is no command'],
    [['sqs', 'purge-queue', '--queue', 'x'], 'no option --queue'],
    [['sqs', 'purge-queue'], 'needs --queue-url'],
    [['sqs', 'purge-queue', '--queue-url'], 'needs a value'],
    [['dynamodb', 'update-table', '--table-name', 'x', '--deletion-protection-enabled', 'true'], 'takes no value'],
    [['dynamodb', 'put-item', '--table-name', 'x', '--item', '{"pk":{"S":"a"}'], 'is no JSON'],
  ])('a line such as %j is caught', (words, fault) => {
    expect(cliFault(words)).toContain(fault);
  });
});

/** What is wrong with a call of a program, given with its arguments. */
async function faultOf([program, ...words]: readonly string[]): Promise<string | undefined> {
  const line = [program, ...words].join(' ');
  if (program === 'aws') return cliFault(words);
  if (program === 'git') return ['pull', 'switch'].includes(words[0]!) ? undefined : line;
  if (program === 'npm') return ['ci', 'start', 'test'].includes(words[0]!) || hasScript(words[1]) ? undefined : line;
  if (words[0] === 'cdk')
    return words.length === 2 && ['diff', 'deploy', 'destroy'].includes(words[1]!) ? undefined : line;
  const [install, name, ...rest] = words;
  if (install !== '--no-install' || name !== 'sweepwatch') return line;
  return parseOnly(rest).then(
    () => undefined,
    (error: Error) => `${line}: ${error.message}`,
  );
}

const hasScript = (name = ''): boolean => Object.hasOwn(JSON.parse(read('package.json')).scripts, name);

/** Filter patterns for host logs, by the name of the log. */
const hostPatterns = new Map(
  rowsOf(sectionOf('Logs of orchestrators and hosts')).map(([log, pattern]) => [log!, pattern!.replaceAll('`', '')]),
);
const filterPatterns = [...hostPatterns.values()];

describe('the filter patterns for host logs', () => {
  test.each([...hostPatterns])('%s: CloudWatch Logs takes it', (_, pattern) => {
    expect(readFilterPattern(pattern)('')).toBe(false);
  });

  const SAMPLES = join(ROOT, 'test/data/signals/auditd-raw/tool-execution');
  test.each(readdirSync(SAMPLES))('that of auditd loses no signal of %s', (name) => {
    const selects = readFilterPattern([...hostPatterns].find(([log]) => log.startsWith('auditd'))![1]);
    const signalsOf = (lines: readonly string[]) => {
      const reader = new HostLogReader(name);
      return [...lines.flatMap((line) => [...reader.read(line)]), ...reader.finish()].map(({ kind, tool }) => [
        kind,
        tool,
      ]);
    };
    const lines = readFileSync(join(SAMPLES, name), 'utf8').trim().split('\n');
    const selected = lines.filter(selects);
    expect(selected.length).toBeLessThan(lines.length);
    expect(signalsOf(selected)).toEqual(signalsOf(lines));
  });
});

describe('the words', () => {
  /** Of AWS and of Node, which nothing here could check. */
  const THEIRS = [
    // What Lambda writes when a function ends before its end, and errors of the AWS clients.
    ...['Task timed out', 'Runtime exited', 'killed', 'ThrottlingException', 'ProvisionedThroughputExceeded'],
    // The field that the logger adds while an invocation is traced.
    'xray_trace_id',
    // States and fields in what the commands print.
    ...[
      'Disabled',
      'DISABLED',
      'EventBridgeConfiguration',
      'PendingConfirmation',
      'FAILED',
      'ACTIVE',
      'SUCCESS',
      'LogDestination',
      'None',
      'requestPayload',
      'The specified log group does not exist',
      'Resource limit exceeded',
    ],
    ...[
      'sns.amazonaws.com',
      'aws/s3',
      'ConsumedReadCapacityUnits',
      'WriteMaxOnDemandThroughputThrottleEvents',
      'Throttles',
      'Retain',
      'RetainExceptOnCreate',
      'DELETE_FAILED',
      '--deletion-protection-enabled',
      'source.ecs.taskArn',
      'wait',
      'code',
      'StartMessageMoveTask',
      'INTELLIGENT_TIERING',
    ],
    ...['sqs:StartMessageMoveTask', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    // What the deploying role needs.
    ...[
      'cloudformation:DescribeStacks',
      'ec2:CreateFlowLogs',
      'ec2:DeleteFlowLogs',
      'ec2:DescribeFlowLogs',
      'ecs:ListClusters',
      'ecs:ListContainerInstances',
      'ecs:ListServices',
      'ecs:ListTaskDefinitions',
      'ecs:ListTasks',
      'iam:CreateRole',
      'iam:DeleteRole',
      'iam:DeleteRolePolicy',
      'iam:PassRole',
      'iam:PutRolePolicy',
      'kms:CreateGrant',
      'kms:CreateKey',
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:EnableKeyRotation',
      'kms:GenerateDataKey',
      'kms:PutKeyPolicy',
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      's3:GetBucketPolicy',
      's3:PutBucketPolicy',
      'sts:AssumeRole',
    ],
    // Filter patterns of CloudWatch Logs, which another test reads.
    ...filterPatterns,
    // Made by the commands.
    ...['cdk.out/', 'before.json'],
  ];
  const code = sources(['functions', 'lib', 'infra', 'cli']);
  const settings = [...read('docs/settings.md').matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
  const spans = [...new Set([...prose(text).matchAll(/`([^`]+)`/g)].map((match) => match[1]!.replace(/\s+/g, ' ')))];

  const isKnown = (span: string): boolean => {
    const [first, second = ''] = span.split(' ') as [string, string?];
    if (alarms.has(span) || metrics.has(span) || span in outputs || THEIRS.includes(span)) return true;
    if (shellFunctions.has(first)) return second === '' || second in outputs || metrics.has(second);
    if (settings.includes(span.split(':')[0]!)) return true;
    return code.includes(span) || existsSync(join(ROOT, span)) || existsSync(join(ROOT, 'docs', span));
  };

  test('formatted as code are from the template, settings, code, files, or the list', async () => {
    const commands = spans.filter((span) => /^(?:aws|npx|npm) /.test(span));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const [program, ...words] = command.split(' ');
      // Prose may leave out what a command always needs.
      const fault = (await faultOf([program!, ...words])) ?? '';
      expect(
        fault.replace(/^.*( needs --[\w-]+|missing required argument .*|required option .* not specified)$/, ''),
      ).toBe('');
    }
    expect(spans.filter((span) => !commands.includes(span) && !isKnown(span))).toEqual([]);
    expect(THEIRS.filter((word) => !spans.includes(word))).toEqual([]);
    expect(isKnown('NoSuchAlarm')).toBe(false);
    expect(isKnown('no line of any log reads so')).toBe(false);
  });

  test('links have targets', () => {
    for (const document of [DOCUMENT, 'docs/supply-chain.md', 'README.md']) expect(deadLinksOf(document)).toEqual([]);
  });

  test('the version of windows is the one that is written', () => {
    expect(sectionOf('Upgrading')).toContain(`the version of its encoding, now ${encodeFragments([])[0]}.`);
  });

  test('mistakes name existing alarms', () => {
    const named = rowsOf(sectionOf('Policies and keys')).flatMap((cells) => cells[2]!.split(', '));
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !alarms.has(name))).toEqual(['as for the function', 'none']);
  });
});

describe('after a removal', () => {
  const all = synthesize({
    kmsKey: 'new',
    vpcs: [{ vpcId: 'vpc-0123456789abcdef0' }],
    emails: ['a@example.com'],
    lookBack: { maxConcurrency: 2 },
  });
  const typesOf = (template: Template, isKept: boolean) =>
    new Set(
      Object.values(template.toJSON().Resources as Record<string, Resource>)
        .filter(({ DeletionPolicy = '' }) => DeletionPolicy.startsWith('Retain') === isKept)
        .map(({ Type }) => Type),
    );
  const told = rowsOf(sectionOf('Removing'));
  const typesIn = (column: number) =>
    told.flatMap((cells) => [...(cells[column] ?? '').matchAll(/AWS::\w+::\w+/g)].map(([type]) => type));

  test('the listed resources stay, and the others are deleted', () => {
    expect(new Set(typesIn(0))).toEqual(typesOf(all, true));
    expect(typesIn(1).filter((type) => !typesOf(all, false).has(type))).toEqual([]);
  });

  test('nothing stays if the settings say so', () => {
    expect(typesOf(synthesize({ kmsKey: 'new', keepDataOnRemoval: false }), true)).toEqual(new Set());
  });
});
