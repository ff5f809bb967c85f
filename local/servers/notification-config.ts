/** A bucket's notification configuration in S3's XML form, and which objects it selects. */

/** A queue that is notified of new objects. */
export interface QueueNotification {
  id: string;
  queueArn: string;
  events: string[];
  prefix: string;
  suffix: string;
}

/** The receivers of a bucket's notifications. */
export interface BucketNotifications {
  queues: QueueNotification[];
  eventBridge: boolean;
}

/** Parses the body of PutBucketNotificationConfiguration. Throws for destinations that are not simulated. */
export function parseNotifications(xml: string): BucketNotifications {
  for (const other of ['TopicConfiguration', 'CloudFunctionConfiguration']) {
    if (elements(xml, other).length > 0) throw new Error(`${other} is not simulated, expected QueueConfiguration`);
  }
  return {
    queues: elements(xml, 'QueueConfiguration').map((configuration, index) => {
      const filters = elements(configuration, 'FilterRule').map((rule) => [
        text(rule, 'Name').toLowerCase(),
        text(rule, 'Value'),
      ]);
      return {
        id: text(configuration, 'Id') || `notification-${index + 1}`,
        queueArn: text(configuration, 'Queue'),
        events: elements(configuration, 'Event').map(unescapeXml),
        prefix: filters.find(([name]) => name === 'prefix')?.[1] ?? '',
        suffix: filters.find(([name]) => name === 'suffix')?.[1] ?? '',
      };
    }),
    eventBridge: /<EventBridgeConfiguration\b/.test(xml),
  };
}

/** The answer to GetBucketNotificationConfiguration. */
export function formatNotifications({ queues, eventBridge }: BucketNotifications): string {
  const rule = (name: string, value: string) =>
    value === '' ? '' : `<FilterRule><Name>${name}</Name><Value>${escapeXml(value)}</Value></FilterRule>`;
  const configurations = queues.map((queue) => {
    const rules = rule('prefix', queue.prefix) + rule('suffix', queue.suffix);
    return [
      `<QueueConfiguration><Id>${escapeXml(queue.id)}</Id><Queue>${escapeXml(queue.queueArn)}</Queue>`,
      ...queue.events.map((event) => `<Event>${escapeXml(event)}</Event>`),
      rules && `<Filter><S3Key>${rules}</S3Key></Filter>`,
      '</QueueConfiguration>',
    ].join('');
  });
  return [
    '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    ...configurations,
    eventBridge ? '<EventBridgeConfiguration/>' : '',
    '</NotificationConfiguration>',
  ].join('');
}

/** Whether this queue is notified of `eventName` (such as `ObjectCreated:Put`) for `key`. */
export function selectsObject(queue: QueueNotification, eventName: string, key: string): boolean {
  const wanted = queue.events.some(
    (event) => event === `s3:${eventName}` || (event.endsWith('*') && `s3:${eventName}`.startsWith(event.slice(0, -1))),
  );
  return wanted && key.startsWith(queue.prefix) && key.endsWith(queue.suffix);
}

/** `text` with XML's five special characters escaped. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(
    (match) => match[1] ?? '',
  );
}

function text(xml: string, name: string): string {
  return unescapeXml(elements(xml, name)[0] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name ?? ''] ?? whole;
  });
}
