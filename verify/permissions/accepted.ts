/** What the audit finds and we accept: each with its reason. One that no deployment shows any more fails the test. */

const FUNCTIONS = ['Ingest', 'Alert', 'Settle', 'Signals', 'Forward'] as const;

/** The CDK's function that changes the notifications of a bucket which exists already. */
const HANDLER = 'BucketNotificationsHandler050a0587b7544547bf325f094a3db834';

const DELIVERY = 'delivery.logs.amazonaws.com';
/** The same by the id of an organization, which is a statement of its own. */
const ANY_DELIVERY = [DELIVERY, `${DELIVERY} of an organization`];

const forEach = <T extends string>(names: readonly T[], key: (name: T) => string, reason: string) =>
  Object.fromEntries(names.map((name) => [key(name), reason]));

/** Reasons by the problem that they are about. */
export const ACCEPTED: Readonly<Record<string, string>> = {
  // Allowed, and not called.
  ...forEach(
    FUNCTIONS.flatMap((name) =>
      ['DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'].map((use) => `${name} kms:${use}`),
    ),
    (grant) => `unused: ${grant} on Key`,
    'AWS requires these of every user of a table under a customer key, and does not say which call needs which. They ' +
      'work only through DynamoDB.',
  ),
  ...forEach(
    ANY_DELIVERY,
    (delivery) => `unused: ${delivery} s3:ListBucket on LogBucket`,
    'Optional: without it each look of log delivery at the bucket leaves an "access denied" in CloudTrail.',
  ),
  ...forEach(
    ANY_DELIVERY.flatMap((delivery) => ['Encrypt', 'ReEncrypt*', 'DescribeKey'].map((use) => `${delivery} kms:${use}`)),
    (use) => `unused: ${use} on Key`,
    'The statement that AWS documents for log delivery to an encrypted bucket, whole.',
  ),
  'unused: arn:aws:iam::<account>:root kms:* on Key':
    'Lets IAM policies of the account grant the use of the key; without it nobody could administer the key.',

  // Wildcards.
  ...forEach(
    FUNCTIONS,
    (name) => `wildcard: ${name} logs:CreateLogStream, logs:PutLogEvents on ${name}Logs:*`,
    'The streams of its own log group, which Lambda names.',
  ),
  ...forEach(
    FUNCTIONS,
    (name) => `wildcard: ${name} xray:PutTelemetryRecords, xray:PutTraceSegments on *`,
    'X-Ray takes traces for an account and Region, and its actions have no resource. Only with `tracing`.',
  ),
  'wildcard: Settle ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets on *':
    'EC2 lists interfaces and subnets of an account and Region, and these actions have no resource. Only with `inventory`.',
  ...forEach(
    [
      'LogBucket/AWSLogs/*',
      'LogBucket/net/AWSLogs/*vpcflowlogs/*',
      'LogBucket/*',
      'LogBucket/AWSLogs/*vpcflowlogs/*',
      'LogBucket/net/*',
      'OtherBucket/AWSLogs/*vpcflowlogs/*',
    ],
    (keys) => `wildcard: Ingest s3:GetObject on ${keys}`,
    'The names of flow log files are not known in advance; the wildcard ends at the folders, or the prefix of the ' +
      'settings, that they are delivered to.',
  ),
  'wildcard: LookBackMachine states:DescribeExecution, states:StopExecution on arn:aws:states:<region>:<account>:execution:sweepwatch-look-back:*':
    'Step Functions names the executions of a Distributed Map. The machine is fixed. The form that AWS documents.',
  'wildcard: LookBackMachine s3:GetObject on LookBackBucket/lists/*':
    'Each look back has a list of its own in this folder. The bucket holds nothing but lists and results.',
  'wildcard: LookBackMachine s3:AbortMultipartUpload, s3:GetObject, s3:ListMultipartUploadParts, s3:PutObject on LookBackBucket/results/*':
    'Step Functions names the results of each run, below this folder.',
  ...forEach(
    ['', 'aws-account-id='].flatMap((hive) => [`${hive}<account>`, `${hive}<named account>`]),
    (folder) => `wildcard: LogBucket: ${DELIVERY} on LogBucket/AWSLogs/${folder}/*`,
    'The same, for log delivery: one folder for each account that may deliver.',
  ),
  [`wildcard: LogBucket: ${DELIVERY} of an organization on LogBucket/AWSLogs/*`]:
    'The accounts of the organization that `logOrganization` names are not known in advance.',
  ...forEach(
    ['LogBucket', 'Key'],
    (on) => `wildcard: ${on}: ${DELIVERY} of an organization for aws:SourceArn arn:aws:logs:*:*:*`,
    'The id of the organization decides. The ARN can say only that log delivery is the source.',
  ),
  ...forEach(
    ['<account>', '<named account>'].flatMap((account) => [`LogBucket ${account}`, `Key ${account}`]),
    (pair) => {
      const [on, ...account] = pair.split(' ');
      return `wildcard: ${on}: ${DELIVERY} for aws:SourceArn arn:aws:logs:*:${account.join(' ')}:*`;
    },
    'AWS makes the ARN of a delivery when the flow log is created, in any Region of the account. Its account is fixed.',
  ),
  ...forEach(
    ['/aws/eks/prod/cluster', '/hosts/auditd'],
    (group) =>
      `wildcard: SignalsFunction: logs.amazonaws.com for aws:SourceArn arn:aws:logs:<region>:<account>:log-group:${group}:*`,
    'The streams of one log group, as CloudWatch Logs names it. Account, Region and group are fixed.',
  ),
  'wildcard: OperationsTopic: cloudwatch.amazonaws.com for aws:SourceArn arn:aws:cloudwatch:<region>:<account>:alarm:*':
    'CloudFormation names the alarms, and the owner of the account adds more. Only alarms of the account publish.',
  ...forEach(
    ['arn:aws:iam::<account>:root on *', ...ANY_DELIVERY.map((delivery) => `${delivery} on *`)],
    (what) => `wildcard: Key: ${what}`,
    'In the policy of a key, * means the key.',
  ),
  'wildcard: Key: arn:aws:iam::<account>:root kms:*': 'The policies of the account decide who administers the key.',
  ...forEach(
    ANY_DELIVERY.flatMap((delivery) => ['ReEncrypt*', 'GenerateDataKey*'].map((use) => `${delivery} kms:${use}`)),
    (use) => `wildcard: Key: ${use}`,
    'The form that AWS documents; each has two variants.',
  ),

  // Sources that are not checked.
  ...forEach(
    [...FUNCTIONS, HANDLER],
    (name) => `confused deputy: lambda.amazonaws.com sts:AssumeRole on ${name}Role, admitted whatever the source`,
    'Lambda gives a role to a function only for a caller of this account who holds iam:PassRole on it.',
  ),
  'confused deputy: states.amazonaws.com sts:AssumeRole on LookBackRole, admitted for a source ARN of others and no source ARN':
    'The condition names the account. AWS does not say which ARN the executions of a Distributed Map have as their source, and ' +
    'a machine of this account gets the role only from a caller who holds iam:PassRole on it.',
  ...forEach(
    [
      'lambda:InvokeFunction on SettleFunction',
      'lambda:InvokeFunction on SignalsFunction',
      'sqs:SendMessage on SettleDeadLetters',
      'sqs:SendMessage on SignalsDeadLetters',
      'sqs:SendMessage on IngestQueue',
      'sqs:SendMessage on IngestDeadLetters',
    ],
    (what) =>
      `confused deputy: events.amazonaws.com ${what}, admitted for a source account of others and no source account`,
    'The condition names the exact ARN of a rule of the stack, which contains the account.',
  ),
  ...forEach(
    ['EventBus', 'Chat', 'SecurityHub'],
    (id) =>
      `confused deputy: sns.amazonaws.com sqs:SendMessage on ${id}Queue, admitted for a source account of others and no source account`,
    'The condition names the exact ARN of the alert topic, which contains the account.',
  ),

  // The rest.
  [`managed policy: ${HANDLER} arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`]:
    'A function of the CDK itself, which runs only during deployment and only with bucket.existing.events notification; ' +
    'the policy lets it write logs. eventbridge does without it.',
  'data: OperationsTopic is not encrypted':
    'CloudWatch alarms may not use alias/aws/sns, and an alarm about a key that denies must not need that key. The ' +
    'messages hold names and states of alarms, nothing of the logs.',
};
