/** What of AWS CLI 1.45 the documents use: each command with its options, and whether a command line fits it. */

/** Options by command, as the CLI's own tables have them: `!` required, `^` without a value. Those of paging are left out. */
const COMMANDS: Readonly<Record<string, string>> = {
  'cloudformation continue-update-rollback': '!stack-name role-arn resources-to-skip client-request-token',
  'cloudformation describe-stack-events': '!stack-name next-token',
  'cloudformation describe-stack-resources': 'stack-name logical-resource-id physical-resource-id',
  'cloudformation describe-stacks': 'stack-name next-token',
  'cloudformation detect-stack-drift': '!stack-name logical-resource-ids',
  'cloudformation wait stack-delete-complete': 'stack-name next-token',
  'cloudwatch describe-alarms':
    'alarm-names alarm-name-prefix alarm-types children-of-alarm-name parents-of-alarm-name state-value action-prefix max-records next-token',
  'cloudwatch disable-alarm-actions': '!alarm-names',
  'cloudwatch enable-alarm-actions': '!alarm-names',
  'cloudwatch get-metric-statistics':
    '!namespace !metric-name dimensions !start-time !end-time !period statistics extended-statistics unit',
  'cloudwatch set-alarm-state': '!alarm-name !state-value !state-reason state-reason-data',
  'dynamodb create-backup': '!table-name !backup-name',
  'dynamodb delete-backup': '!backup-arn',
  'dynamodb delete-table': '!table-name',
  'dynamodb describe-backup': '!backup-arn',
  'dynamodb describe-table': '!table-name',
  'dynamodb list-backups':
    'table-name limit time-range-lower-bound time-range-upper-bound exclusive-start-backup-arn backup-type',
  'dynamodb put-item':
    '!table-name !item expected return-values return-consumed-capacity return-item-collection-metrics conditional-operator condition-expression expression-attribute-names expression-attribute-values return-values-on-condition-check-failure',
  'dynamodb query':
    '!table-name index-name select attributes-to-get limit ^consistent-read ^no-consistent-read key-conditions query-filter conditional-operator ^scan-index-forward ^no-scan-index-forward exclusive-start-key return-consumed-capacity projection-expression filter-expression key-condition-expression expression-attribute-names expression-attribute-values',
  'dynamodb restore-table-from-backup':
    '!target-table-name !backup-arn billing-mode-override global-secondary-index-override local-secondary-index-override provisioned-throughput-override on-demand-throughput-override sse-specification-override',
  'dynamodb restore-table-to-point-in-time':
    'source-table-arn source-table-name !target-table-name ^use-latest-restorable-time ^no-use-latest-restorable-time restore-date-time billing-mode-override global-secondary-index-override local-secondary-index-override provisioned-throughput-override on-demand-throughput-override sse-specification-override',
  'dynamodb update-continuous-backups': '!table-name !point-in-time-recovery-specification',
  'dynamodb update-table':
    'attribute-definitions !table-name billing-mode provisioned-throughput global-secondary-index-updates stream-specification sse-specification replica-updates table-class ^deletion-protection-enabled ^no-deletion-protection-enabled multi-region-consistency global-table-witness-updates on-demand-throughput warm-throughput global-table-settings-replication-mode',
  'dynamodb update-time-to-live': '!table-name !time-to-live-specification',
  'dynamodb wait table-exists': '!table-name',
  'dynamodb wait table-not-exists': '!table-name',
  'ec2 describe-flow-logs': '^dry-run ^no-dry-run filter flow-log-ids max-results next-token',
  'eks describe-cluster': '!name',
  'events describe-rule': '!name event-bus-name',
  'events disable-rule': '!name event-bus-name',
  'events enable-rule': '!name event-bus-name',
  'events list-rules': 'name-prefix event-bus-name next-token limit',
  'events put-rule': '!name schedule-expression event-pattern state description role-arn tags event-bus-name',
  'events put-targets': '!rule event-bus-name !targets',
  'kms schedule-key-deletion': '!key-id pending-window-in-days',
  'lambda delete-function-concurrency': '!function-name',
  'lambda get-account-settings': '',
  'lambda get-function-concurrency': '!function-name',
  'lambda get-policy': '!function-name qualifier',
  'lambda invoke':
    '!function-name invocation-type log-type client-context durable-execution-name payload qualifier tenant-id cli-binary-format',
  'lambda list-event-source-mappings': 'event-source-arn function-name marker',
  'lambda update-event-source-mapping':
    '!uuid function-name ^enabled ^no-enabled batch-size filter-criteria maximum-batching-window-in-seconds destination-config maximum-record-age-in-seconds ^bisect-batch-on-function-error ^no-bisect-batch-on-function-error maximum-retry-attempts parallelization-factor source-access-configurations tumbling-window-in-seconds function-response-types scaling-config amazon-managed-kafka-event-source-config self-managed-kafka-event-source-config document-db-event-source-config kms-key-arn metrics-config logging-config provisioned-poller-config',
  'logs describe-subscription-filters': '!log-group-name filter-name-prefix next-token limit',
  'logs filter-log-events':
    'log-group-name log-group-identifier log-stream-names log-stream-name-prefix start-time end-time filter-pattern next-token limit ^interleaved ^no-interleaved ^unmask ^no-unmask',
  's3 rm': '^dryrun ^quiet ^recursive request-payer include exclude ^only-show-errors',
  's3api delete-bucket': '!bucket expected-bucket-owner',
  's3api get-bucket-notification-configuration': '!bucket expected-bucket-owner',
  's3api get-bucket-policy': '!bucket expected-bucket-owner',
  's3api list-objects-v2':
    '!bucket delimiter encoding-type max-keys prefix continuation-token ^fetch-owner ^no-fetch-owner start-after request-payer expected-bucket-owner optional-object-attributes',
  's3api put-bucket-policy':
    '!bucket !policy content-md5 checksum-algorithm ^confirm-remove-self-bucket-access ^no-confirm-remove-self-bucket-access expected-bucket-owner',
  's3api restore-object':
    '!bucket !key version-id restore-request request-payer checksum-algorithm expected-bucket-owner',
  'service-quotas request-service-quota-increase':
    '!service-code !quota-code !desired-value context-id ^support-case-allowed ^no-support-case-allowed',
  'securityhub describe-hub': 'hub-arn',
  'sns confirm-subscription': '!topic-arn !token authenticate-on-unsubscribe',
  'sns get-subscription-attributes': '!subscription-arn',
  'sns list-subscriptions-by-topic': '!topic-arn next-token',
  'sns set-subscription-attributes': '!subscription-arn !attribute-name attribute-value',
  'sns subscribe':
    '!topic-arn !protocol notification-endpoint attributes ^return-subscription-arn ^no-return-subscription-arn',
  'sns unsubscribe': '!subscription-arn',
  'sqs delete-message': '!queue-url !receipt-handle',
  'sqs get-queue-attributes': '!queue-url attribute-names',
  'sqs list-message-move-tasks': '!source-arn max-results',
  'sqs purge-queue': '!queue-url',
  'sqs receive-message':
    '!queue-url attribute-names message-system-attribute-names message-attribute-names max-number-of-messages visibility-timeout wait-time-seconds receive-request-attempt-id',
  'sqs send-message':
    '!queue-url !message-body delay-seconds message-attributes message-system-attributes message-deduplication-id message-group-id',
  'sqs start-message-move-task': '!source-arn destination-arn max-number-of-messages-per-second',
};

/** Options that every command takes. */
const GLOBAL = ['query', 'output', 'region'];
/** Values that are languages of their own, which may begin like JSON. */
const NOT_JSON = ['query', 'filter-pattern'];

/** What is wrong with the words after `aws`. Undefined if the CLI would accept them. */
export function cliFault(words: readonly string[]): string | undefined {
  const name = [3, 2].map((count) => words.slice(0, count).join(' ')).find((start) => Object.hasOwn(COMMANDS, start));
  if (name === undefined) return `"${words.slice(0, 3).join(' ')}" is no command that is known here`;
  const known = new Map(COMMANDS[name]!.split(' ').map((word) => [word.replace(/^[!^]/, ''), word[0]]));
  const given = new Map<string, string[]>();
  let values: string[] = [];
  for (const word of words.slice(name.split(' ').length)) {
    if (!word.startsWith('--')) {
      values.push(word);
      continue;
    }
    values = [];
    given.set(word.slice(2), values);
  }
  for (const [option, of] of given) {
    if (!known.has(option) && !GLOBAL.includes(option)) return `${name} has no option --${option}`;
    if (known.get(option) === '^' ? of.length > 0 : of.length === 0)
      return `${name}: --${option} ${of.length ? 'takes no value' : 'needs a value'}`;
    for (const value of of)
      if (!NOT_JSON.includes(option) && !isJsonOrPlain(value)) return `${name}: ${value} is no JSON`;
  }
  const missing = [...known].find(([option, kind]) => kind === '!' && !given.has(option));
  return missing && `${name} needs --${missing[0]}`;
}

function isJsonOrPlain(value: string): boolean {
  if (!/^[[{]/.test(value)) return true;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}
