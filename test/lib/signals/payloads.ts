/** Payloads as AWS delivers them, for tests. */
import { gzipSync } from 'node:zlib';

const EKS_GROUP = '/aws/eks/shop/cluster';
const AUDIT_STREAM = 'kube-apiserver-audit-0123456789abcdef';

/** A payload of a CloudWatch Logs subscription with one log event for each message. */
export const subscription = (
  messages: readonly string[],
  {
    group = EKS_GROUP,
    stream = AUDIT_STREAM,
    at = Date.parse('2026-11-21T19:30:00Z'),
  }: { readonly group?: string; readonly stream?: string; readonly at?: number } = {},
): { awslogs: { data: string } } =>
  packed({
    messageType: 'DATA_MESSAGE',
    owner: '123456789012',
    logGroup: group,
    logStream: stream,
    subscriptionFilters: ['sweepwatch'],
    logEvents: messages.map((message, index) => ({ id: String(index).padStart(56, '3'), timestamp: at, message })),
  });

/** The message by which CloudWatch Logs checks that it can deliver. */
export const controlMessage = (): { awslogs: { data: string } } =>
  packed({
    messageType: 'CONTROL_MESSAGE',
    owner: 'CloudwatchLogs',
    logGroup: '',
    logStream: '',
    subscriptionFilters: [],
    logEvents: [
      { id: '', timestamp: 0, message: 'CWL CONTROL MESSAGE: Checking health of destination Lambda function.' },
    ],
  });

const packed = (payload: unknown) => ({
  awslogs: { data: gzipSync(JSON.stringify(payload)).toString('base64') },
});
