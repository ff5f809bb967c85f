/** What the three functions share: settings, clients and stores, made once per execution environment. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { type DetectionSettings, detectionSettings } from '../lib/config/detection.ts';
import { parseRuntimeSettings } from '../lib/config/runtime.ts';
import { hashKey } from '../lib/contact/keyed-hash.ts';
import { Networks } from '../lib/contact/networks.ts';
import { Judge, type JudgeOptions } from '../lib/pipeline/judge.ts';
import { createDocumentClient, createSqsClient } from '../lib/store/clients.ts';
import { FindingsStore } from '../lib/store/findings-store.ts';
import { requestAlert } from '../lib/store/messages.ts';
import { Outbox } from '../lib/store/outbox.ts';
import { WindowsStore } from '../lib/store/windows-store.ts';

/** A variable that the stack sets; a function without it must not start. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(
      `environment variable ${name} must be set, got ${value === undefined ? 'nothing' : 'an empty text'}`,
    );
  return value;
}

export const logger = new Logger();
export const metrics = new Metrics();
export const settings = parseRuntimeSettings(required('SETTINGS'));
export const detection: DetectionSettings = detectionSettings(settings.sensitivity, settings.detection);
/** From half the failures that a finding needs, a source is worth a read at once. */
export const suspicious = Math.ceil(detection.failuresIn5Minutes / 2);
export const secret = required('HASH_KEY');
export const documents = createDocumentClient();
export const findings = new FindingsStore({
  client: documents,
  table: required('FINDINGS_TABLE'),
  retentionDays: settings.retentionDays.findings,
});

export const outbox = new Outbox(documents, required('FINDINGS_TABLE'));

export const place = {
  deployment: settings.deployment,
  tables: { findings: required('FINDINGS_TABLE'), region: process.env.AWS_REGION ?? '' },
};

/** The stores and the judge of the functions that judge. */
export function judging(): { options: JudgeOptions; judge: Judge } {
  const windows = new WindowsStore({
    client: documents,
    table: required('WINDOWS_TABLE'),
    retentionDays: settings.retentionDays.windows,
    settleSeconds: detection.settleSeconds,
    openTargets: detection.openTargetsIn5Minutes,
    key: hashKey(secret),
  });
  const sqs = createSqsClient();
  const queueUrl = required('ALERT_QUEUE_URL');
  const options: JudgeOptions = {
    windows,
    findings,
    requestAlert: (ref) => requestAlert(sqs, queueUrl, ref),
    settings: detection,
    networks: new Networks(settings.internal),
    secret,
    minSeverity: settings.minSeverity,
    windowDays: settings.retentionDays.windows,
  };
  return { options, judge: new Judge(options) };
}

/** Epoch seconds of the clock. */
export const clock = (): number => Date.now() / 1000;
